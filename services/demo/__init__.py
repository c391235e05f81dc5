"""The demonstration organisation: Alderfjord, its people and a year of its posts, loaded through the public API.

Texts stand in each service's `demo/` folder; here is only what sends them.
"""

LOGINS = {"employee": "E-1023", "coach": "E-1010", "lead": "E-1087", "admin": "E-1109"}
"""Whom the development sign-in stands for, by role."""
