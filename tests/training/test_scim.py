"""People as an identity provider keeps them: made, read, changed, removed and found again."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.context import Principal
from tests.training.conftest import TrainingService

USERS = "/scim/v2/Users"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
STAFF = "urn:ietf:params:scim:schemas:extension:shareload:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def user(number: str = "E-1", **more: Any) -> dict[str, Any]:
    name = f"person-{number.lower()}@harbour.example"
    return {
        "schemas": [CORE, ENTERPRISE, STAFF],
        "externalId": f"idp-{number}",
        "userName": name,
        "displayName": f"Person {number}",
        "name": {"givenName": "Person", "familyName": number},
        "emails": [{"value": name, "type": "work", "primary": True}],
        "preferredLanguage": "pt_br",
        "active": True,
        ENTERPRISE: {"employeeNumber": number, "department": "Support", "costCenter": "4711"},
        STAFF: {"region": "EMEA", "languages": "pt, en"},
        **more,
    }


@pytest.fixture
async def client(service: TrainingService) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client as client:
        yield client


async def create(client: httpx.AsyncClient, number: str = "E-1", **more: Any) -> Any:
    made = await client.post(USERS, json=user(number, **more))
    assert made.status_code == 201, made.text
    return made.json()


async def patch(client: httpx.AsyncClient, who: str, *operations: Any, status: int = 200) -> Any:
    answer = await client.patch(f"{USERS}/{who}", json={"schemas": [PATCH], "Operations": operations})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_user_is_a_person(service: TrainingService, client: httpx.AsyncClient) -> None:
    made = await client.post(USERS, json=user())
    person = await service.get("/v1/people/E-1")
    assert made.status_code == 201, made.text
    assert made.json()["id"] == person["id"]
    assert made.headers["location"] == f"http://127.0.0.1:8000{USERS}/{person['id']}" == made.json()["meta"]["location"]
    facts = ("name", "email", "department", "region", "languages", "cost_centre", "locale", "active")
    assert [person[fact] for fact in facts] == [
        "Person E-1", "person-e-1@harbour.example", "Support", "EMEA", ["pt", "en"], "4711", "pt-BR", True,
    ]  # fmt: skip
    read = await client.get(f"{USERS}/{person['id']}")
    assert read.json() == made.json()
    assert {name: read.json()[name] for name in user() if name != "schemas"} == {
        name: value for name, value in user().items() if name != "schemas"
    }


async def test_users_are_listed(client: httpx.AsyncClient) -> None:
    await create(client)
    listed = await client.get(USERS)
    assert (listed.status_code, listed.json()["totalResults"]) == (200, 1), listed.text
