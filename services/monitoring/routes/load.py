"""/v1/load: how the load is shared."""

from typing import Annotated

from fastapi import Query

from services.monitoring.domain.figures import load
from services.monitoring.schemas.load import LoadOut
from shared.areas import Router
from shared.auth import needs
from shared.requests import Db

router = Router(prefix="/v1", tags=["load"])


@router.get("/load", dependencies=[needs("conversations:read", "monitoring:read")])
async def get_load(
    db: Db, days: Annotated[int, Query(ge=1, le=90, description="How far back.")] = load.DAYS
) -> LoadOut:
    """Return who carries what, how even that is, how long customers wait, and where one person is all there is.

    By person, department and pool (language and topic). What few people did is shown for no group of them, and people
    in works-council mode are not shown one by one.
    """
    return await db.read(load.report, days)
