"""What the API looks like: OpenAPI, AsyncAPI, and the pages that show them."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

from services.gateway import openapi
from services.gateway.portal import reference
from services.gateway.portal.pages import page
from shared.areas import Router
from shared.compression import accepts_gzip
from shared.problems import NotFound

router = Router(include_in_schema=False)

ASKED_AGAIN = "public, no-cache"


class Packed(NamedTuple):
    """A document as most clients take it; it changes only with the code."""

    body: bytes
    etag: str


def pack(document: bytes) -> Packed:
    """Compress a document, once for all who ask."""
    return Packed(gzip.compress(document, mtime=0), f'"{hashlib.sha256(document).hexdigest()[:32]}"')


@cache
def packed_openapi() -> Packed:
    """Return the merged document."""
    return pack(openapi.FILE.read_bytes())


@cache
def packed_asyncapi() -> Packed:
    """Return the document of all event types."""
    return pack(openapi.EVENTS_FILE.read_bytes())


async def answer(request: Request, made: Callable[[], Packed]) -> Response:
    """Answer with a document, compressed for who takes that; what it takes to make it, others do not wait for."""
    document = await asyncio.to_thread(made)
    headers = {"ETag": document.etag, "Cache-Control": ASKED_AGAIN, "Vary": "Accept-Encoding"}
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        return Response(document.body, headers=headers, media_type="application/json")
    return Response(gzip.decompress(document.body), headers=headers, media_type="application/json")


@router.get("/openapi.json")
async def read_openapi_document(request: Request) -> Response:
    """Return the one OpenAPI document of all services."""
    return await answer(request, packed_openapi)


@router.get("/asyncapi.json")
async def read_asyncapi_document(request: Request) -> Response:
    """Return the AsyncAPI document of all event types."""
    return await answer(request, packed_asyncapi)


@router.get("/docs")
async def show_operations(request: Request) -> Response:
    """Show what the API can do."""
    return page("docs/operations.html", request, parts=await asyncio.to_thread(reference.parts))


@router.get("/docs/events")
async def show_events(request: Request) -> Response:
    """Show what is told, and of which class of privacy each field of it is."""
    services = await asyncio.to_thread(reference.events)
    return page("docs/events.html", request, services=services, classes=reference.privacy_classes())


@router.get("/docs/{part}")
async def show_part(part: str, request: Request) -> Response:
    """Show the operations of one part of the API with all that is to be known of each."""
    found = {each.key: each for each in await asyncio.to_thread(reference.parts)}
    if part not in found:
        raise NotFound(f"The API has no part of the name {part}.")
    operations = await asyncio.to_thread(reference.operations, found[part].name)
    return page("docs/part.html", request, part=found[part], operations=operations)
