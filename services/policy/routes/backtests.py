"""Back-tests of a version: try its rules on past posts before they are live."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Path, Request, Response, status
from fastapi.responses import StreamingResponse

from services.policy.domain import backtest_results, backtests
from services.policy.schemas.backtests import BacktestIn, BacktestLine, BacktestOut, BacktestProgress, CancellationIn
from shared.areas import Router
from shared.auth import Caller, needs
from shared.pages import Page, Paging
from shared.past_posts import PostReader, PostsAwayError
from shared.problems import NotFound, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1", tags=["back-tests"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
BacktestId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The back-test's id.")]
Prefer = Annotated[
    str | None,
    Header(max_length=200, description="`wait=N`: answer when the back-test has ended, after N seconds at the latest."),
]

WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")
LONGEST_WAIT = 25
"""Seconds; the gateway gives up on an answer that has not begun after thirty."""
LOOKED_EVERY = 0.2
HEARTBEAT = 10.0
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An event each time something changed, the last one when the back-test has ended.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'id: 7\nevent: running\ndata: {"state": "running", "percent": 41.0}\n\n',
            }
        },
    }
}


@router.post(
    "/policies/{key}/versions/{number}/backtests",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, backtests.TooManyWaiting),
)
async def request_policy_backtest(
    key: Slug, number: Number, db: Db, response: Response, body: BacktestIn | None = None
) -> BacktestLine:
    """Try a version's rules on past posts, in the background.

    They are compared with those of the version of this policy that is in force now; other policies stay out of it.
    """
    asked = await db.write(backtests.request, key, number, body or BacktestIn())
    response.headers["Location"] = f"/v1/backtests/{asked.id}"
    return asked


@router.get(
    "/policies/{key}/versions/{number}/backtests",
    dependencies=[needs("policies:read")],
    responses=problems(NotFound),
)
async def list_policy_backtests(key: Slug, number: Number, paging: Paging, db: Db) -> Page[BacktestLine]:
    """List a version's back-tests, the newest first."""
    return await db.read(backtests.list_all, key, number, paging)


@router.get("/backtests/{backtest_id}", dependencies=[needs("policies:read")], responses=problems(NotFound))
async def get_backtest(
    backtest_id: BacktestId, request: Request, db: Db, caller: Caller, response: Response, prefer: Prefer = None
) -> BacktestOut:
    """Read a back-test: how far it is, and what came of it so far.

    The texts of sample posts are shown to those who may read posts (`monitoring:read`).
    """
    wanted = WAIT.search(prefer or "")
    if wanted and await wait_for_end(db, backtest_id, seconds := min(int(wanted[1]), LONGEST_WAIT)):
        response.headers["Preference-Applied"] = f"wait={seconds}"
    shown = await db.read(backtest_results.show, backtest_id)
    if shown.samples and caller.has("monitoring:read"):
        try:
            shown.fill(await PostReader(request.app.state.bus).find([post for _, post in shown.samples]))
        except PostsAwayError:
            response.headers["Cache-Control"] = "no-store"
    return shown.backtest


async def wait_for_end(db: Db, backtest_id: str, seconds: float) -> bool:
    """Return whether a back-test has ended, once it has or after some seconds; raises NotFound."""
    progress = await db.read(backtest_results.progress, backtest_id)
    end = asyncio.get_running_loop().time() + seconds
    while progress.state in backtests.UNFINISHED and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(LOOKED_EVERY)
        progress = await db.read(backtest_results.progress, backtest_id)
    return progress.state not in backtests.UNFINISHED


@router.get(
    "/backtests/{backtest_id}/events",
    dependencies=[needs("policies:read")],
    response_class=StreamingResponse,
    responses={**STREAM, **problems(NotFound)},
)
async def watch_backtest(
    backtest_id: BacktestId,
    db: Db,
    last_event_id: Annotated[str | None, Header(max_length=20, description="The `id` of the last event had.")] = None,
) -> StreamingResponse:
    """Follow a back-test as Server-Sent Events: state, percentage, when it will be done, the counts so far."""
    first = await db.read(backtest_results.progress, backtest_id)
    return StreamingResponse(
        frames(db, first, last_event_id), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def frames(db: Db, progress: BacktestProgress, last: str | None) -> AsyncIterator[str]:
    """Yield an event for each change until the end, and a comment now and then so that the line stays open."""
    loop = asyncio.get_running_loop()
    spoken = loop.time()
    while True:
        if str(progress.revision) != last:
            last, spoken = str(progress.revision), loop.time()
            yield f"id: {last}\nevent: {progress.state}\ndata: {progress.model_dump_json()}\n\n"
        if progress.state not in backtests.UNFINISHED:
            return
        if loop.time() - spoken > HEARTBEAT:
            spoken = loop.time()
            yield ": still running\n\n"
        await asyncio.sleep(LOOKED_EVERY)
        progress = await db.read(backtest_results.progress, progress.id)


@router.post(
    "/backtests/{backtest_id}/cancellation",
    dependencies=[needs("policies:write")],
    responses=problems(NotFound, backtests.AlreadyFinished),
)
async def cancel_backtest(backtest_id: BacktestId, db: Db, body: CancellationIn | None = None) -> BacktestLine:  # noqa: ARG001  the empty body is checked
    """Stop a back-test; what it has counted so far stays."""
    return await db.write(backtests.cancel, backtest_id)
