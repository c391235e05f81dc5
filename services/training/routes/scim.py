"""/scim/v2: people and groups as identity providers see them (RFC 7643, 7644, 9865)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from types import ModuleType
from typing import Any

from fastapi import Request, Response

from services.training.schemas.scim_errors import LONGEST, ScimErrorOut
from shared.areas import Router
from shared.auth import needs

SCIM_MEDIA_TYPE = "application/scim+json"
SERVING = "services.training.routes.scim_serving"

router = Router(prefix="/scim/v2", tags=["SCIM"])
loaded: dict[str, ModuleType] = {}

READ, WRITE = "people:read", "people:write"


async def serving() -> ModuleType:
    """Return what serves SCIM, loaded for the first who asks: a start that nobody provisions into need not wait for it."""
    if SERVING not in loaded:
        loaded[SERVING] = await asyncio.to_thread(import_module, SERVING)
    return loaded[SERVING]


async def read_resource(request: Request) -> Response:
    """Answer a request that changes nothing."""
    answer: Response = await (await serving()).read_resource(request)
    return answer


async def write_resource(request: Request) -> Response:
    """Do what a request asks as one unit of work."""
    answer: Response = await (await serving()).write_resource(request)
    return answer


async def write_bulk(request: Request) -> Response:
    """Do the operations of a bulk request, each as a unit of work of its own."""
    answer: Response = await (await serving()).write_bulk(request)
    return answer


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it is called, what it is for, and what a client must be allowed."""

    method: str
    path: str
    name: str
    summary: str
    scope: str = READ
    status: int = 200
    serve: Callable[[Request], Awaitable[Response]] = read_resource


def of_kind(kind: str, path: str) -> list[Operation]:
    """Return the routes of one kind of resource."""
    one = f"{path}/{{resource_id}}"
    return [
        Operation("GET", path, f"list_scim_{kind}s", f"List {kind}s, filtered and in pages."),
        Operation("POST", path, f"create_scim_{kind}", f"Add a {kind}.", WRITE, 201, write_resource),
        Operation("POST", f"{path}/.search", f"search_scim_{kind}s", f"List {kind}s as the body asks."),
        Operation("GET", one, f"get_scim_{kind}", f"Read a {kind}."),
        Operation("PUT", one, f"replace_scim_{kind}", f"Replace a {kind}.", WRITE, 200, write_resource),
        Operation("PATCH", one, f"update_scim_{kind}", f"Change a {kind}, as one unit.", WRITE, 200, write_resource),
        Operation("DELETE", one, f"delete_scim_{kind}", f"Remove a {kind}.", WRITE, 204, write_resource),
    ]


OPERATIONS = (
    Operation("GET", "", "search_scim_root", "List users and groups together."),
    Operation("POST", "/.search", "search_scim", "List users and groups together, as the body asks."),
    Operation("GET", "/ServiceProviderConfig", "get_scim_config", "Read what this service can do."),
    Operation("GET", "/ResourceTypes", "list_scim_resource_types", "List the kinds of resources."),
    Operation("GET", "/ResourceTypes/{resource_id}", "get_scim_resource_type", "Read a kind of resource."),
    Operation("GET", "/Schemas", "list_scim_schemas", "List the schemas."),
    Operation("GET", "/Schemas/{resource_id}", "get_scim_schema", "Read a schema."),
    Operation("POST", "/Bulk", "run_scim_bulk", "Do several operations, each by itself.", WRITE, 200, write_bulk),
    *of_kind("user", "/Users"),
    *of_kind("group", "/Groups"),
)
REFUSALS = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 501, 503)
LISTED = {
    "filter": "Which ones, as RFC 7644, section 3.4.2.2 has it.",
    "attributes": "What to show of each, comma-separated.",
    "excludedAttributes": "What not to show of each, comma-separated.",
    "startIndex": "The first one of the page, counted from 1.",
    "count": "How many, 200 at most.",
    "cursor": "Empty, then `nextCursor` of the page before (RFC 9865).",
}
"""Query parameters of a list."""
TEXT = {"type": "string", "maxLength": LONGEST}


class ScimAnswer(Response):
    """An answer of the media type that SCIM has."""

    media_type = SCIM_MEDIA_TYPE


def add(operation: Operation) -> None:
    """Add a route; what it takes and answers is described by the SCIM schemas that it serves itself."""
    answers: dict[int | str, dict[str, Any]] = {
        status: {"model": ScimErrorOut, "description": HTTPStatus(status).phrase} for status in REFUSALS
    }
    if operation.status != 204:
        content = {SCIM_MEDIA_TYPE: {"schema": {"type": "object"}}}
        answers[operation.status] = {"description": "As SCIM has it.", "content": content}
    if operation.method == "PATCH":
        answers[204] = {"description": "Done, to a group that is too large to be shown after each change."}
    router.add_api_route(
        operation.path,
        operation.serve,
        methods=[operation.method],
        name=operation.name,
        operation_id=operation.name,
        summary=operation.summary,
        description=operation.summary,
        status_code=operation.status,
        response_model=None,
        response_class=ScimAnswer,
        responses=answers,
        dependencies=[needs(operation.scope)],
        openapi_extra=described(operation),
    )


def described(operation: Operation) -> dict[str, Any]:
    """Return what a document says of a route's parameters and body, which the library reads by itself."""
    parameters = [
        {"name": "resource_id", "in": "path", "required": True, "schema": TEXT}
        for _ in range(operation.path.count("{resource_id}"))
    ]
    if operation.name.startswith(("list_scim_user", "list_scim_group", "search_scim_root")):
        parameters += [
            {"name": name, "in": "query", "description": what, "schema": TEXT} for name, what in LISTED.items()
        ]
    said: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if operation.method in {"POST", "PUT", "PATCH"}:
        said["requestBody"] = {"required": True, "content": {SCIM_MEDIA_TYPE: {"schema": {"type": "object"}}}}
    return said


for each in OPERATIONS:
    add(each)
