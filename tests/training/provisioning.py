"""What tests send as an identity provider."""

from typing import Any

import httpx

from tests.training.conftest import TrainingService

SCIM = "/scim/v2"
USERS = f"{SCIM}/Users"
GROUPS = f"{SCIM}/Groups"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
STAFF = "urn:ietf:params:scim:schemas:extension:shareload:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def user(number: str = "E-1", **more: Any) -> dict[str, Any]:
    """Return a user with all that we keep."""
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


async def create(client: httpx.AsyncClient, number: str = "E-1", **more: Any) -> Any:
    """Add a user, who must be new."""
    made = await client.post(USERS, json=user(number, **more))
    assert made.status_code == 201, made.text
    return made.json()


async def patch(client: httpx.AsyncClient, path: str, *operations: Any, status: int = 200) -> Any:
    """Change a resource."""
    answer = await client.patch(path, json={"schemas": [PATCH], "Operations": operations})
    assert answer.status_code == status, answer.text
    return answer.json()


async def read(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """Read what must be there."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(answer: httpx.Response, status: int, scim_type: str | None = None) -> str:
    """Return why something was refused, in the form that SCIM has for that."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    body = answer.json()
    assert (body["schemas"], body["status"], body.get("scimType")) == ([ERROR], str(status), scim_type), body
    return str(body["detail"])


async def certified(service: TrainingService, number: str) -> bool:
    """Say whether a person is certified now."""
    return bool((await service.status(number))["certified"])
