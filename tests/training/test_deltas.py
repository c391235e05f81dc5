"""What changed under a certificate is asked of its holder, and of nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from tests.training.conftest import TrainingService
from tests.training.policies import put_in_force

DAY = timedelta(days=1)
BEFORE = {"listen": "Read all of it.", "answer": "Within 24 hours."}
AFTER = {**BEFORE, "answer": "Within 4 hours."}


@pytest.fixture
async def holder(service: TrainingService) -> TrainingService:
    """E-1 holds `voice`, which asks for a course and for the policy `conduct` as it was."""
    await service.define("voice", courses=["answering"], policies=["conduct"])
    await service.db.write(put_in_force, 1, BEFORE)
    person = await service.add_person("E-1")
    await service.hear_of_acknowledgement(person, policy="conduct")
    await service.complete("E-1")
    await service.advance()
    return service


async def change(service: TrainingService, version: int = 2, texts: dict[str, str] | None = None, **how: Any) -> None:
    """Bring a version into force and let the service look whom it concerns."""

    def write(session: Any) -> None:
        put_in_force(session, version, texts or AFTER, **how)

    await service.db.write(write)
    await service.advance()


async def deltas(service: TrainingService, number: str = "E-1", **query: str) -> list[Any]:
    """Return what a person has to learn anew."""
    return list((await service.get(f"/v1/people/{number}/deltas", **query))["items"])


async def learn(service: TrainingService, delta: Any, **body: Any) -> Any:
    """Do a delta."""
    return await service.post(f"/v1/deltas/{delta['id']}/completion", {"hash": delta["new"]["hash"], **body})


async def certificate(service: TrainingService, number: str = "E-1") -> Any:
    """Return the certificate of the tier `voice`."""
    (found,) = (await service.get("/v1/certificates", employee_number=number, certification="voice"))["items"]
    return found


async def test_a_changed_section_is_asked_with_what_it_said_and_says(holder: TrainingService) -> None:
    await change(holder)

    (delta,) = await deltas(holder)
    shown = await holder.get(f"/v1/deltas/{delta['id']}")

    assert (delta["section"], delta["state"], delta["certification"]) == ("answer", "due", "voice")
    assert (delta["old"], delta["new"]) == (
        {"version": 1, "hash": "hash-of-Within 24 hours."},
        {"version": 2, "hash": "hash-of-Within 4 hours."},
    )
    assert delta["diff"] == "/v1/policies/conduct/versions/2/diff?against=1"
    assert ("24 hours" in shown["old_html"], "4 hours" in shown["html"]) == (True, True)


async def test_what_was_learnt_is_covered_and_the_certificate_keeps_its_dates(holder: TrainingService) -> None:
    before = await certificate(holder)
    await change(holder)
    (delta,) = await deltas(holder)
    assert (await certificate(holder))["expires_at"] == delta["ends_at"] != before["expires_at"]

    assert (await learn(holder, delta))["passed"]

    after = await certificate(holder)
    assert [after[date] for date in ("expiring_from", "expires_at", "grace_until")] == [
        before[date] for date in ("expiring_from", "expires_at", "grace_until")
    ]
    assert {one["section"]: (one["version"], one["hash"]) for one in after["sections"]} == {
        "listen": (1, "hash-of-Read all of it."),
        "answer": (2, "hash-of-Within 4 hours."),
    }
    await holder.advance(50 * DAY)
    assert (await certificate(holder))["status"] == "valid"
    assert [one["done"] for one in await deltas(holder)] == [True]
