"""/v1/courses/{key}/assets: pictures, captions and downloads of a course, by the hash of their content."""

import asyncio
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response, status

from services.training.domain.teaching import assets
from services.training.schemas.courses import AssetOut
from services.training.schemas.modules import FileName
from shared.areas import Router
from shared.auth import needs
from shared.conditions import etag
from shared.pages import Page, Paging
from shared.problems import NotFound, TooLarge, problems
from shared.requests import Db
from shared.schemas import Slug

router = Router(prefix="/v1/courses/{key}/assets", tags=["training"])

FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary", "maxLength": assets.LARGEST},
            }
        },
    }
}
FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {
        "description": "The file.",
        "content": {kind.media_type: {} for kind in assets.KINDS.values()},
    }
}
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=31536000, immutable",
}
"""Whatever a file holds, nothing of it runs in our origin."""


@router.get("", dependencies=[needs("training:write")], responses=problems(NotFound))
async def list_course_assets(key: Slug, paging: Paging, db: Db) -> Page[AssetOut]:
    """List the files that were uploaded for a course."""
    return await db.read(assets.find, key, paging)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("training:write")],
    responses=problems(NotFound, assets.NotAnAsset, assets.TooManyAssets, TooLarge),
    openapi_extra=FILE_BODY,
)
async def create_course_asset(
    key: Slug,
    name: Annotated[FileName, Query(description="What texts call it: `assets/<name>`; its ending says what it is.")],
    request: Request,
    db: Db,
) -> AssetOut:
    """Upload a picture, captions or a download; the same content again is the same file."""
    upload = await asyncio.to_thread(assets.inspect, name, await read_file(request))
    return await db.write(assets.keep, key, upload)


@router.get(
    "/{digest}",
    response_class=Response,
    dependencies=[needs("training:read", "self")],
    responses={**problems(NotFound), **FILE_ANSWER},
)
async def get_course_asset(
    key: Slug, digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hex.")], db: Db
) -> Response:
    """Read a file: a picture or captions to be shown in place, anything else to be saved."""
    found = await db.read(assets.read, key, digest)
    place = "inline" if found.media_type in assets.SHOWN else "attachment"
    disposition = {"Content-Disposition": f'{place}; filename="{found.name}"', "ETag": etag(digest)}
    return Response(found.content, media_type=found.media_type, headers={**SAFE, **disposition})


async def read_file(request: Request) -> bytes:
    """Return the body of an upload; raises TooLarge."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > assets.LARGEST:
            raise TooLarge(f"A file may have {assets.LARGEST} bytes.")
    return bytes(body)
