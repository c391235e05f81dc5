"""/v1/pauses: stop replies and routing at once."""

from typing import Annotated

from fastapi import Query, status

from services.monitoring.domain.routing import pauses
from services.monitoring.routes.for_all import FOR_ALL
from services.monitoring.schemas.names import Id
from services.monitoring.schemas.pauses import PauseIn, PauseOut
from shared.areas import Router
from shared.auth import needs
from shared.pages import Page, Paging
from shared.problems import NotFound, problems
from shared.requests import Db

router = Router(prefix="/v1/pauses", tags=["load"])


@router.get("", dependencies=[needs("conversations:read", "self")])
async def list_pauses(
    paging: Paging,
    db: Db,
    in_force: Annotated[bool, Query(description="Only those in force at this moment.")] = False,
) -> Page[PauseOut]:
    """List pauses, the newest first, each with the holding statement to show meanwhile."""
    return await db.read(lambda session: pauses.listed(session, paging, in_force=in_force))


@router.get("/{pause_id}", dependencies=[needs("conversations:read", "self")], responses=problems(NotFound))
async def get_pause(pause_id: Id, db: Db) -> PauseOut:
    """Return one pause; it is over once `ended_at` is set."""
    return await db.read(pauses.read, pause_id)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[needs("conversations:write"), FOR_ALL])
async def start_pause(body: PauseIn, db: Db) -> PauseOut:
    """Stop replies and routing for a scope."""
    return await db.write(pauses.start, body)


@router.delete(
    "/{pause_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[needs("conversations:write"), FOR_ALL],
    responses=problems(NotFound),
)
async def end_pause(pause_id: Id, db: Db) -> None:
    """Let replies and routing go on."""
    await db.write(pauses.end, pause_id)
