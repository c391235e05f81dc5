"""Routes that stand in areas answer as they do without."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from shared.areas import Area

people = APIRouter(prefix="/v1/people", tags=["people"])
versions = APIRouter(prefix="/v1/policies/{key}/versions")
anything = APIRouter()


@people.get("")
async def list_people() -> str:
    """Stand at the prefix itself."""
    return "people"


@people.post("/imports")
async def import_people() -> str:
    """Take one method only."""
    return "imports"


@versions.get("/{number}")
async def get_version(key: str, number: int) -> str:
    """Have a parameter in the prefix."""
    return f"{key} {number}"


@anything.get("/{place}/last")
async def get_last(place: str) -> str:
    """Begin with a parameter."""
    return place


def app_of(*routers: APIRouter) -> FastAPI:
    """Return an app of routers."""
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    return app


ROUTERS = (people, versions, anything)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/people", 200),
        ("GET", "/v1/people/", 307),
        ("POST", "/v1/people", 405),
        ("GET", "/v1/people/imports", 405),
        ("GET", "/v1/policies/a/versions/3", 200),
        ("GET", "/v1/policies/a/versions/x", 422),
        ("GET", "/v1/policies/a", 404),
        ("GET", "/anywhere/last", 200),
        ("GET", "/v1/peopled", 404),
    ],
)
async def test_a_route_in_an_area_answers_as_without_one(method: str, path: str, status: int) -> None:
    answers = []
    for app in (app_of(*ROUTERS), app_of(Area(*ROUTERS))):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            answers.append(await client.request(method, path))
    plain, behind = answers
    assert behind.status_code == status
    assert (behind.status_code, behind.text, behind.headers) == (plain.status_code, plain.text, plain.headers)


def test_areas_change_nothing_in_the_openapi() -> None:
    assert app_of(Area(*ROUTERS)).openapi() == app_of(*ROUTERS).openapi()
