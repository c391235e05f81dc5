"""Routes that are called by plans answer as FastAPI does, whatever they are asked."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from shared.areas import Area

router = APIRouter(prefix="/v1/things")


class Thing(BaseModel):
    """A body, and an answer."""

    model_config = ConfigDict(extra="forbid")

    name: str
    size: int = 1


async def how_many(limit: Annotated[int, Query(ge=1, le=9)] = 3, cursor: str | None = None) -> str:
    """Be a dependency with parameters of its own."""
    return f"{limit} {cursor}"


async def asker(response: Response, x_asker: Annotated[str | None, Header(min_length=2)] = None) -> str:
    """Be a dependency that answers, too."""
    response.headers["asked-by"] = x_asker or "nobody"
    return x_asker or "nobody"


@router.get("", dependencies=[Depends(asker)])
async def list_things(
    page: Annotated[str, Depends(how_many)], tag: Annotated[list[str] | None, Query()] = None
) -> dict[str, str]:
    """Take several values under one name."""
    return {"page": page, "tags": ",".join(tag or [])}


@router.get("/{number}")
async def get_thing(number: int, by: Annotated[str, Depends(asker)], *, plain: bool = False) -> Thing:
    """Take a part of the path."""
    return Thing(name=by, size=-number if plain else number)


@router.post("", status_code=201)
async def create_thing(body: Thing, by: Annotated[str, Depends(asker)], response: Response) -> Thing:
    """Take a body."""
    response.headers["location"] = f"/v1/things/{by}"
    return body


async def size_of(request: Request) -> int:
    """Be a dependency that reads the body, as whoever claims an Idempotency-Key does."""
    return len(await request.body())


@router.post("/parts")
async def add_part(
    request: Request, size: Annotated[int, Depends(size_of)], limit: Annotated[int, Query(ge=1)] = 9
) -> dict[str, int]:
    """Take a body as it comes."""
    return {"size": size, "read": len(await request.body()), "limit": limit}


@router.delete("/{number}", status_code=204)
async def delete_thing(number: int) -> None:
    """Answer with nothing; `number` is read and not used."""


def app_of(included: APIRouter) -> FastAPI:
    """Return an app of a router."""
    app = FastAPI()
    app.include_router(included, dependencies=[Depends(asker)])
    return app


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/v1/things", {}, None, 200),
        ("GET", "/v1/things?limit=2&cursor=&tag=a&tag=b", {"x-asker": "Ana"}, None, 200),
        ("GET", "/v1/things?limit=2&limit=4", {}, None, 200),
        ("GET", "/v1/things?limit=10", {"x-asker": "A"}, None, 422),
        ("GET", "/v1/things/7?plain=yes", {}, None, 200),
        ("GET", "/v1/things/seven", {}, None, 422),
        ("POST", "/v1/things", JSON, b'{"name": "a", "size": 2}', 201),
        ("POST", "/v1/things", {"content-type": "application/json; charset=utf-8"}, b'{"name": "a"}', 201),
        ("POST", "/v1/things", JSON, b'{"name": "a", "colour": 2}', 422),
        ("POST", "/v1/things", JSON, b'{"name"', 422),
        ("POST", "/v1/things", JSON, b"", 422),
        ("POST", "/v1/things", {"content-type": "text/plain"}, b'{"name": "a"}', 422),
        ("POST", "/v1/things", {}, b"x", 422),
        ("POST", "/v1/things", JSON, b"[" * 100_000, 400),
        ("POST", "/v1/things/parts", {}, b"abc", 200),
        ("POST", "/v1/things/parts?limit=0", {}, b"abc", 422),
        ("DELETE", "/v1/things/7", {}, None, 204),
    ],
)
async def test_a_route_called_by_a_plan_answers_as_without_one(
    method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    answers = []
    for app in (app_of(router), app_of(Area(router))):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            answers.append(await client.request(method, path, headers=headers, content=body))
    plain, planned = answers
    assert planned.status_code == status
    assert (planned.status_code, planned.text, planned.headers) == (plain.status_code, plain.text, plain.headers)


async def test_a_method_that_is_not_taken_is_told_all_that_are() -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app_of(Area(router))), base_url="http://service"
    ) as client:
        answer = await client.put("/v1/things/7")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET")


def test_plans_are_made_for_all_routes_but_those_that_answer_with_nothing() -> None:
    area = Area(router)
    app = app_of(area)
    area.matches({"type": "http", "method": "GET", "path": "/v1/things", "app": app})
    assert area._index is not None
    unplanned = [each.methods for each in area._index["/v1/things"] if each.plan is None]
    assert unplanned == [{"DELETE"}]
