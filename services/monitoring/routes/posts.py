"""/v1/posts: what staff and customers wrote, one by one, in lists or as a stream."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request, Response

from services.monitoring.domain.posts import intake, showing
from services.monitoring.routes.post_stream import PostStream
from services.monitoring.routes.posts_in_flight import CSV, LARGEST, NDJSON, NoRoomForPosts, held_in_flight
from services.monitoring.schemas.names import Id, Instant, Network
from services.monitoring.schemas.posts import (
    DeletionIn,
    Item,
    Kind,
    PostAnswer,
    PostAnswers,
    PostIn,
    PostOut,
    read_post,
)
from shared.areas import Router
from shared.auth import Caller, needs
from shared.db import Session
from shared.pages import Page, Paging
from shared.problems import FieldError, Invalid, NotFound, TooLarge, UnsupportedMediaType, problems
from shared.requests import Db

router = Router(prefix="/v1/posts", tags=["posts"])

AT_ONCE = 500


def post_schema() -> dict[str, Any]:
    """Return the schema of a post in one piece: within a document, its references would point to nothing."""
    schema = PostIn.model_json_schema()
    (media,) = schema.pop("$defs").values()
    schema["properties"]["media"]["anyOf"][0]["items"] = media
    return schema


LONGEST = 2**31 - 1
"""Characters of a stream: it is read as it comes, so the document names a number that none reaches."""
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        post_schema(),
                        DeletionIn.model_json_schema(),
                        {
                            "type": "array",
                            "items": {"oneOf": [post_schema(), DeletionIn.model_json_schema()]},
                            "minItems": 1,
                            "maxItems": AT_ONCE,
                        },
                    ]
                }
            },
            NDJSON: {
                "schema": {
                    "type": "string",
                    "maxLength": LONGEST,
                    "description": "One post a line, any number of lines.",
                }
            },
            CSV: {
                "schema": {
                    "type": "string",
                    "maxLength": LONGEST,
                    "description": "A table whose first row names the fields of a post.",
                }
            },
        },
    }
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "What became of each item, in the order sent; as NDJSON, a line per item, for a stream.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "",
    dependencies=[needs("monitoring:write"), Depends(held_in_flight)],
    response_model=PostAnswers,
    responses={**ANSWERS, **problems(TooLarge, UnsupportedMediaType, NoRoomForPosts)},
    openapi_extra=BODY,
)
async def receive_posts(request: Request, db: Db) -> PostAnswers | Response:
    """Take in posts: one object, a list of up to 500, or NDJSON or a table (CSV) of any length; sending one again changes nothing.

    `{network, network_id, deleted: true, deleted_at?}` says that a post was deleted at its network. While the brand has
    terms, a post that is neither by a registered account nor about the brand is rejected and not stored. When more comes
    in than there is room for, the answer is 429: send it again after `Retry-After`.

    A single post that does not fit its schema is a 422; in a list or a stream it is one rejected item.
    """
    media_type = request.headers.get("content-type", "application/json").split(";", 1)[0].strip().lower()
    if media_type in {NDJSON, CSV}:
        return PostStream(request, table=media_type == CSV)
    if media_type != "application/json":
        raise UnsupportedMediaType(f"Posts are taken as application/json, {NDJSON} or {CSV}.")
    return await db.write(take, await read_json(request))


async def read_json(request: Request) -> list[Item]:
    """Read a JSON body: one post, which must fit, or a list, whose items are judged one by one."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise TooLarge(f"A list of posts may have {LARGEST} bytes; send more as {NDJSON}.")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is not JSON.", errors=[FieldError(pointer="", detail=str(error))]) from None
    if isinstance(parsed, list):
        if not 1 <= len(parsed) <= AT_ONCE:
            raise Invalid(
                f"A list holds 1 to {AT_ONCE} posts.", errors=[FieldError(pointer="", detail=f"{len(parsed)} items")]
            )
        return [read_post(item) for item in parsed]
    single = read_post(parsed)
    if isinstance(single, PostAnswer):
        place, _, detail = (single.reason or "").partition(": ")
        raise Invalid(
            "The post does not fit its schema; see errors.",
            errors=[FieldError(pointer=f"/{place}" if detail else "", detail=detail or place)],
        )
    return [single]


def take(session: Session, items: list[Item]) -> PostAnswers:
    """Ingest the posts that fit and put all answers into the order sent."""
    return PostAnswers.of(intake.push(session, items))


@router.get("", dependencies=[needs("monitoring:read", "self")])
async def list_posts(
    paging: Paging,
    db: Db,
    caller: Caller,
    network: Network | None = None,
    kind: Kind | None = None,
    since: Annotated[Instant | None, Query(description="Only what was posted at or after this time.")] = None,
) -> Page[PostOut]:
    """List posts, the last received first."""
    return await db.read(showing.listed, paging, caller, showing.Filter(network, kind, since))


@router.get("/{post_id}", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def get_post(post_id: Id, db: Db, caller: Caller) -> PostOut:
    """Return one post."""
    return await db.read(showing.read, post_id, caller)


@router.get("/{post_id}/thread", dependencies=[needs("monitoring:read", "self")], responses=problems(NotFound))
async def get_post_thread(post_id: Id, db: Db, caller: Caller) -> Page[PostOut]:
    """Return a post after the posts that it answers, the oldest first: ten of them at most, as far as they came in."""
    return await db.read(showing.thread, post_id, caller)
