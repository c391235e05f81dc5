"""/events: everything that happens, page by page. The live stream at this address is answered before routing."""

from typing import Annotated

from fastapi import Header, Query, Request
from fastapi.responses import Response

from services.gateway.stream.events import NDJSON, CursorGone, LimitedKey, read_page, refuse_limited
from services.gateway.stream.frames import types_of, view_of
from shared.areas import Router
from shared.auth import Caller, needs
from shared.problems import problems

router = Router(prefix="/v1/events", tags=["events"])


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
    last_event_id: Annotated[
        str | None, Header(max_length=200, description="As `after`; what an EventSource sends.")
    ] = None,
) -> Response:
    """Stream events as told, or, with `Accept: application/x-ndjson`, read one page of them."""
    refuse_limited(caller)
    body, cursor = await request.app.state.db.read(
        read_page, last_event_id or after, limit, view_of(caller), types_of(types)
    )
    return Response(body, headers={"Next-Cursor": cursor}, media_type=NDJSON)
