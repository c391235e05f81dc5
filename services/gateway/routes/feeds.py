"""/feeds: what came into force, for feed readers and for the news of an intranet."""

import hashlib

import orjson
from fastapi import Request, Response

from services.gateway.domain import embeds
from services.gateway.doors import Doors
from services.gateway.embeds import feed
from shared.areas import Router
from shared.conditions import etag
from shared.context import current
from shared.requests import Db

router = Router(tags=["embeds"])
KIND = "application/atom+xml"
HEADERS = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}


@router.get(
    feed.PATH,
    response_class=Response,
    responses={200: {"description": "The feed.", "content": {KIND: {"schema": {"type": "string"}}}}},
    openapi_extra={"security": [{}, {"key": []}, {"session": []}]},
)
async def read_policy_feed(request: Request, db: Db) -> Response:
    """Follow which versions of policies came into force, the newest first.

    With `policies:read` all of them are here; without credentials, those of the policies that anyone may read.
    """
    doors: Doors = request.app.state.doors
    changes = await db.read(embeds.find_changes, doors.embeds.visible_to(current.get().caller))
    notes = {}
    for policy in {change.policy for change in changes}:
        kept = doors.embeds.find(policy)
        if kept is not None:
            said = orjson.loads(kept.body)
            notes[policy, said["version"]] = said.get("change_note") or ""
    body = feed.render(doors.settings.public_url.rstrip("/"), changes, notes)
    return Response(body, headers={**HEADERS, "ETag": etag(hashlib.sha256(body).hexdigest()[:32])}, media_type=KIND)
