"""What the tests of checks share: asking, and people who may approve."""

from typing import Any

import httpx

from tests.policy.conftest import PolicyService

PRAISE = "\N{PARTY POPPER} The AcmePhone is brilliant!"


async def check(service: PolicyService, **body: Any) -> Any:
    """Check a draft with a key of all scopes."""
    answer = await service.client.post("/v1/checks", json={"network": "mastodon", "kind": "post", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def seat(service: PolicyService, number: str, role: str) -> None:
    """Give a person a seat of the task team."""
    key = f"{role}-{number.lower()}"
    await created(await service.client.post("/v1/task-team/seats", json={"key": key, "role": role}))
    body = {"employee_number": number, "seat": key, "experience": "Ten years.", "why": "Kind."}
    nomination = await created(await service.client.post("/v1/task-team/nominations", json=body))
    decision = {"decision": "appoint", "reason": "Yes."}
    answer = await service.client.post(f"/v1/task-team/nominations/{nomination['id']}/decision", json=decision)
    assert answer.is_success, answer.text


async def created(answer: httpx.Response) -> Any:
    """Return what was made."""
    assert answer.status_code == 201, answer.text
    return answer.json()


async def held(service: PolicyService, author: str = "E-3", text: str = PRAISE) -> Any:
    """Check a draft that the rules hold, as its author, and keep it; returns the answer."""
    answer = await service.as_person(author).post("/v1/checks", json={"text": text, "keep": True})
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"] == "hold"
    return answer.json()
