"""/events: everything that happens, live or page by page, with exact resume."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from services.gateway.domain import event_log
from services.gateway.domain.credentials import Credential
from services.gateway.domain.event_log import Cursor
from services.gateway.stream.events import START, CursorGone, EventStream, place, read_page
from services.gateway.stream.frames import types_of, view_of
from services.gateway.stream.hub import Client
from shared.auth import Caller, needs
from shared.problems import Forbidden, problems

router = APIRouter(prefix="/v1/events", tags=["events"])

NDJSON = "application/x-ndjson"


class LimitedKey(Forbidden):
    """A key that is limited to departments cannot read the events of all."""


@router.get(
    "",
    dependencies=[needs("events:read")],
    responses={
        **problems(LimitedKey, CursorGone),
        200: {
            "description": "Server-Sent Events, or a page of events as NDJSON with the header `Next-Cursor`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}, NDJSON: {"schema": {"type": "string"}}},
        },
    },
    response_class=Response,
)
async def stream_events(
    request: Request,
    caller: Caller,
    types: Annotated[str, Query(max_length=1000, description="Types, dotted prefixes or globs, comma-separated.")] = "",
    after: Annotated[
        str | None, Query(max_length=200, description="Go on after this cursor; `start` for the oldest.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events in an NDJSON page.")] = 200,
    accept: Annotated[str, Header(max_length=500)] = "",
    last_event_id: Annotated[
        str | None, Header(max_length=200, description="As `after`; what an EventSource sends.")
    ] = None,
) -> Any:
    """Stream events as told, or, with `Accept: application/x-ndjson`, read one page of them."""
    if caller.departments is not None:
        raise LimitedKey
    doors, db = request.app.state.doors, request.app.state.db
    view, wanted = view_of(caller), types_of(types)
    if NDJSON in accept:
        body, cursor = await db.read(read_page, last_event_id or after, limit, view, wanted)
        return Response(body, headers={"Next-Cursor": cursor}, media_type=NDJSON)
    extent = await db.read(event_log.extent)
    text = last_event_id or after
    now = Cursor(doors.hub.epoch, doors.hub.position)
    start = (
        now
        if text is None
        else Cursor(extent.epoch, extent.before_oldest)
        if text == START
        else place(extent, Cursor.read(text))
    )
    client = Client(start or now, view, wanted)
    credential: Credential | None = request.scope.get("credential")

    def valid() -> bool:
        return credential is None or doors.keyring.current(credential.secret_hash) is not None

    return EventStream(doors.hub, db, client, resync=None if start else "cursor", valid=valid)
