"""What the API looks like: OpenAPI, AsyncAPI, and a page that shows them."""

import json
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from services.gateway import openapi
from services.gateway.portal.pages import page
from shared import asyncapi
from shared.areas import Router

router = Router(include_in_schema=False)


@cache
def read_openapi() -> bytes:
    """Return the merged document; it changes only with the code."""
    return openapi.FILE.read_bytes()


@cache
def read_asyncapi() -> bytes:
    """Return the document of all event types."""
    return json.dumps(asyncapi.document(), ensure_ascii=False).encode()


@cache
def operations() -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Return what the page lists: each part of the API, what it is about, and its operations."""
    document = json.loads(read_openapi())
    by_tag: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in openapi.operations_of(item):
            by_tag[operation["tags"][0]].append({"method": method, "path": path, **operation})
    return [(tag["name"], tag["description"], by_tag[tag["name"]]) for tag in document["tags"]]


@router.get("/openapi.json")
async def read_openapi_document() -> Response:
    """Return the one OpenAPI document of all services."""
    return Response(read_openapi(), media_type="application/json")


@router.get("/asyncapi.json")
async def read_asyncapi_document() -> Response:
    """Return the AsyncAPI document of all event types."""
    return Response(read_asyncapi(), media_type="application/json")


@router.get("/docs")
async def show_docs(request: Request) -> Response:
    """Show the operations of the API as a page."""
    return page("docs.html", request, tags=operations())
