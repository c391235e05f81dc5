"""What holds for the whole organisation is not for a key of some departments to change, nor for a coach."""

from fastapi import Depends

from shared.auth import Caller
from shared.problems import Forbidden

SETTING_UP = frozenset({"lead", "admin"})
"""Roles of people who decide what is looked at; coaches work with what comes of it."""


async def for_everybody(caller: Caller) -> None:
    """Refuse a key that is limited to departments."""
    if caller.departments is not None:
        raise Forbidden("This holds for all departments; a key that is limited to some of them cannot change it.")


async def set_up(caller: Caller) -> None:
    """Refuse who signed in and neither leads nor administers; a key does what its scopes say."""
    if caller.signed_in and not SETTING_UP & caller.roles:
        raise Forbidden("Where posts come from, and what the brand's are, is set up by leads and administrators.")


FOR_ALL = Depends(for_everybody)
SET_UP = Depends(set_up)
