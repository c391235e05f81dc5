"""/v1/refreshers: which course refreshes which section."""

from services.monitoring.domain.coaching import refreshers
from services.monitoring.schemas.refreshers import RefreshersIn, RefreshersOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch
from shared.problems import Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/refreshers", tags=["guidance"])


@router.get("", dependencies=[needs("monitoring:read", "training:read")])
async def get_refreshers(db: Db) -> RefreshersOut:
    """Return which course refreshes which section, and after how many findings it is proposed."""
    return await db.read(refreshers.read)


@router.put("", dependencies=[needs("monitoring:write")], responses=problems(Stale))
async def set_refreshers(body: RefreshersIn, db: Db, if_match: IfMatch) -> RefreshersOut:
    """State anew which course refreshes which section; where findings have repeated themselves, it is proposed at once."""
    return await db.write(refreshers.put, body, if_match)
