"""/v1/summary: what was seen and done, by group and over time."""

from typing import Annotated

from fastapi import Query, status

from services.monitoring.domain.figures import rebuilding, series, summary
from services.monitoring.schemas.names import Instant
from services.monitoring.schemas.summary import By, Metric, RebuildOut, SeriesBy, SeriesOut, Step, SummaryOut
from shared.areas import Router
from shared.auth import Caller, needs
from shared.problems import problems
from shared.requests import Db

router = Router(prefix="/v1/summary", tags=["load"])

From = Annotated[Instant | None, Query(alias="from", description="From the hour of this time on.")]
Until = Annotated[
    Instant | None, Query(alias="to", description="Up to this time, its hour not included if it is whole.")
]


@router.get("", dependencies=[needs("monitoring:read")])
async def get_summary(
    db: Db, caller: Caller, by: By = "section", since: From = None, until: Until = None
) -> SummaryOut:
    """Count posts and findings by group; departments below the minimum size are merged."""
    return await db.read(summary.count, by, since, until, caller)


@router.get("/series", dependencies=[needs("monitoring:read")], responses=problems(series.NotByDepartment))
async def get_series(
    db: Db,
    caller: Caller,
    metric: Annotated[Metric, Query(description="What is counted.")],
    by: Annotated[SeriesBy, Query(description="By what; each metric has its own.")] = "none",
    step: Annotated[Step, Query(description="Hours or days, in UTC.")] = "hour",
    since: From = None,
    until: Until = None,
) -> SeriesOut:
    """Count something over time; without `from`, the last two days by the hour or sixty days by the day."""
    return await db.read(series.read, metric, by, step, (since, until), caller)


@router.post(
    "/rebuilds",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("monitoring:write"), needs("admin:write")],
    responses=problems(rebuilding.RebuiltMeanwhile),
)
async def rebuild_summary(db: Db) -> RebuildOut:
    """Find every count anew from what is kept, and say how many were wrong; nobody waits meanwhile."""
    return await db.write(rebuilding.correct, await db.read(rebuilding.compare))
