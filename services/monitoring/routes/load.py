"""/v1/load and /v1/summary: how the load is shared, and what was seen."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.monitoring.domain.figures import load, summary
from services.monitoring.schemas.load import LoadOut
from services.monitoring.schemas.names import Instant
from services.monitoring.schemas.summary import By, SummaryOut
from shared.auth import Caller, needs
from shared.requests import Db

router = APIRouter(prefix="/v1", tags=["load"])


@router.get("/load", dependencies=[needs("conversations:read", "monitoring:read")])
async def get_load(db: Db) -> LoadOut:
    """Return who carries what, how even that is, how long customers wait, and where one person is all there is."""
    return await db.read(load.report)


@router.get("/summary", dependencies=[needs("monitoring:read")])
async def get_summary(
    db: Db,
    caller: Caller,
    by: By = "section",
    since: Annotated[Instant | None, Query(alias="from", description="From the hour of this time on.")] = None,
    until: Annotated[
        Instant | None, Query(alias="to", description="Up to this time, its hour not included if it is whole.")
    ] = None,
) -> SummaryOut:
    """Count posts and findings by group; departments below the minimum size are merged."""
    return await db.read(summary.count, by, since, until, caller)
