"""What holds for the whole organisation is not for a key of some departments to change."""

from fastapi import Depends

from shared.auth import Caller
from shared.problems import Forbidden


async def for_everybody(caller: Caller) -> None:
    """Refuse a key that is limited to departments."""
    if caller.departments is not None:
        raise Forbidden("This holds for all departments; a key that is limited to some of them cannot change it.")


FOR_ALL = Depends(for_everybody)
