"""Decisions of the gateway: keys, sessions, the event log, who is who."""
