"""What tests of the task team do again and again."""

from datetime import timedelta
from typing import Any

import httpx

from services.policy.handlers import keep_certificate
from shared.events.training import CertificateIssuedV1, CertificateRevokedV1
from shared.ids import new_id
from tests.policy.conftest import PolicyService

TEAM = "/v1/task-team"


def ok(answer: httpx.Response) -> Any:
    """Return the body of an answer that must have gone well."""
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def refused(answer: httpx.Response, status: int, slug: str) -> None:
    """Check with which problem a request was refused."""
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug), answer.text


async def seat(service: PolicyService, key: str, holder: str | None = None, **terms: Any) -> str:
    """Open a seat and put somebody on it; returns its path."""
    ok(await service.client.put(f"{TEAM}/seats/{key}", json={"role": "coach", **terms}))
    if holder is not None:
        await appoint(service, await nominate(service, holder), key)
    return f"{TEAM}/seats/{key}"


async def nominate(service: PolicyService, number: str, wished: str | None = None) -> str:
    """Put somebody forward; returns the nomination's path."""
    body = {"employee_number": number, "seat": wished, "experience": "Ran our forum.", "why": "Patient."}
    return f"{TEAM}/nominations/{ok(await service.client.post(f'{TEAM}/nominations', json=body))['id']}"


async def appoint(service: PolicyService, nomination: str, key: str) -> None:
    """Appoint a nominee to a seat."""
    body = {"decision": "appoint", "seat": key, "reason": "Yes."}
    assert ok(await service.client.post(f"{nomination}/decision", json=body))["state"] == "appointed"


async def certify(service: PolicyService, number: str, *, days: int = 30) -> CertificateIssuedV1:
    """Let the service hear of a certificate as coach."""
    now = service.clock.now()
    event = CertificateIssuedV1(
        id=new_id(),
        person=service.people[number],
        certification="coach",
        status="valid",
        issued_at=now,
        expires_at=now + timedelta(days=days),
        expiring_from=now,
        grace_until=now + timedelta(days=days),
    )
    await service.app.state.db.write(lambda session: keep_certificate(event, session))
    return event


async def revoke(service: PolicyService, certificate: CertificateIssuedV1) -> None:
    """Let the service hear that a certificate was taken back."""
    event = CertificateRevokedV1(**{**certificate.model_dump(), "status": "revoked"})
    await service.app.state.db.write(lambda session: keep_certificate(event, session))


async def changes(service: PolicyService) -> list[tuple[object, object]]:
    """Return which seat changed how, in order."""
    return [(each["seat"], each["change"]) for each in await service.told("policy.task_team.changed.v1")]
