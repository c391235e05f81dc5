"""/v1/sources: where posts are fetched from, and how that goes."""

from typing import Annotated

from fastapi import Depends, Request, Response, status

from services.monitoring.connectors.registry import ChangedSource, NewSource
from services.monitoring.connectors.runner import Runner
from services.monitoring.domain.sources import runs, sources
from services.monitoring.domain.sources.safe import SourceKeyLost
from services.monitoring.routes.for_all import FOR_ALL, SET_UP
from services.monitoring.schemas.names import Id
from services.monitoring.schemas.sources import SourceOut, SourcePauseIn, SourceRunOut, SourceTestOut
from shared.areas import Router
from shared.auth import needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db

router = Router(prefix="/v1/sources", tags=["sources"])


async def runner_of(request: Request) -> Runner:
    """Return what reads the sources of this service."""
    runner: Runner = request.app.state.sources
    return runner


Reader = Annotated[Runner, Depends(runner_of)]
READ, WRITE = needs("monitoring:read"), needs("monitoring:write")


def shown(response: Response, source: SourceOut) -> SourceOut:
    """Show a source with its ETag, which follows how it does as well as its revision."""
    response.headers["ETag"] = revised(source.revision, source)
    return source


@router.get("", dependencies=[READ])
async def list_sources(paging: Paging, db: Db, runner: Reader) -> Page[SourceOut]:
    """List the sources with their health, what they brought, and when they are read next."""
    return await db.read(sources.listed, paging, runner.safe)


@router.post(
    "", status_code=status.HTTP_201_CREATED, dependencies=[WRITE, FOR_ALL, SET_UP], responses=problems(SourceKeyLost)
)
async def create_source(body: NewSource, db: Db, runner: Reader, response: Response) -> SourceOut:
    """Set up a source; it is read at once and from then on."""
    made = await db.write(sources.create, body, runner.safe)
    runner.wake()
    return shown(response, made)


@router.get("/{source_id}", dependencies=[READ], responses=problems(NotFound))
async def get_source(source_id: Id, db: Db, runner: Reader, response: Response) -> SourceOut:
    """Return one source."""
    return shown(response, await db.read(sources.read, source_id, runner.safe))


@router.patch(
    "/{source_id}", dependencies=[WRITE, FOR_ALL, SET_UP], responses=problems(NotFound, Stale, sources.AnotherKind)
)
async def change_source(
    source_id: Id, body: ChangedSource, db: Db, runner: Reader, if_match: IfMatch, response: Response
) -> SourceOut:
    """Change a source: its name, how often it is read, or where, which begins anew there."""
    changed = await db.write(sources.change, source_id, body, runner.safe, if_match)
    runner.wake()
    return shown(response, changed)


@router.delete(
    "/{source_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[WRITE, FOR_ALL, SET_UP],
    responses=problems(NotFound, Stale),
)
async def remove_source(source_id: Id, db: Db, runner: Reader, if_match: IfMatch) -> None:
    """Read a source no longer; the posts that it brought stay."""
    await db.write(sources.remove, source_id, if_match)
    runner.wake()


@router.get("/{source_id}/runs", dependencies=[READ], responses=problems(NotFound))
async def list_source_runs(source_id: Id, paging: Paging, db: Db) -> Page[SourceRunOut]:
    """List the last readings of a source, the newest first."""
    return await db.read(runs.listed, source_id, paging)


@router.post(
    "/{source_id}/runs",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[WRITE, FOR_ALL, SET_UP],
    responses=problems(NotFound, runs.SourcePaused),
)
async def run_source(source_id: Id, db: Db, runner: Reader) -> SourceRunOut:
    """Ask for a source to be read now, also one that waits after a failure."""
    asked = await db.write(runs.ask, source_id)
    runner.wake()
    return asked


@router.post("/{source_id}/pause", dependencies=[WRITE, FOR_ALL, SET_UP], responses=problems(NotFound, Stale))
async def pause_source(
    source_id: Id, body: SourcePauseIn, db: Db, runner: Reader, if_match: IfMatch, response: Response
) -> SourceOut:
    """Read a source no longer for now; what is being read stops where its cursor stands."""
    paused = await db.write(sources.pause, source_id, body, runner.safe, if_match)
    runner.wake()
    return shown(response, paused)


@router.delete(
    "/{source_id}/pause",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[WRITE, FOR_ALL, SET_UP],
    responses=problems(NotFound),
)
async def resume_source(source_id: Id, db: Db, runner: Reader) -> None:
    """Read a source again, from where it was left."""
    await db.write(sources.resume, source_id)
    runner.wake()


@router.post("/{source_id}/test", dependencies=[WRITE, FOR_ALL, SET_UP], responses=problems(NotFound))
async def test_source(source_id: Id, db: Db, runner: Reader, request: Request) -> SourceTestOut:
    """Try to read a source without keeping anything, and say in a sentence what came of it."""
    return await runner.test(request.app.state.db, await db.read(runs.task_to_test, source_id))
