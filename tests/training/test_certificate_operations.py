"""One thing done to many certificates: shown first, done to just those that were shown, each once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.training.domain.certification import operations
from services.training.schemas.operations import OperationIn
from shared.context import Principal
from tests.training.conftest import ALL, TrainingService

SUSPEND = {"operation": "suspend", "filter": {"certification": "basics"}, "reason": "The region moves."}


@pytest.fixture
async def crowd(service: TrainingService) -> TrainingService:
    """E-1 to E-4 hold `basics`, for which a course is enough."""
    await service.define("basics", courses=["answering"])
    for number in range(1, 5):
        await service.add_person(f"E-{number}", department="Press" if number == 4 else "Support")
        await service.complete(f"E-{number}")
    return service


async def preview(service: TrainingService, body: dict[str, Any]) -> Any:
    """Return whom an operation would concern."""
    return (await service.post("/v1/certificate-operations", {**body, "dry_run": True}))["preview"]


async def run(service: TrainingService, body: dict[str, Any]) -> Any:
    """Do an operation, and wait until it is done."""
    token = (await preview(service, body))["preview"]
    begun = (await service.post("/v1/certificate-operations", {**body, "preview": token}))["operation"]
    async with asyncio.timeout(20):
        while True:
            found = await service.get(f"/v1/certificate-operations/{begun['id']}")
            if found["state"] != "running":
                return found
            await asyncio.sleep(0.05)


async def statuses(service: TrainingService) -> list[str]:
    """Return how the four stand."""
    return [(await service.status(f"E-{number}", "basics"))["status"] for number in range(1, 5)]


async def test_a_preview_shows_whom_it_concerns_and_does_nothing(crowd: TrainingService) -> None:
    shown = await preview(crowd, {**SUSPEND, "filter": {"department": "Support"}})

    assert (shown["total"], shown["by_status"], shown["by_certification"]) == (3, {"valid": 3}, {"basics": 3})
    assert [one["employee_number"] for one in shown["sample"]] == ["E-1", "E-2", "E-3"]
    assert await statuses(crowd) == ["valid"] * 4


async def test_it_is_done_once_to_each_and_reported(crowd: TrainingService) -> None:
    done = await run(crowd, SUSPEND)

    assert (done["state"], done["total"], done["done"], done["requested_by"]) == ("done", 4, 4, "key:test")
    assert await statuses(crowd) == ["suspended"] * 4
    assert [item["change"] for item in await crowd.changes()].count("suspended") == 4
    items = (await crowd.get(f"/v1/certificate-operations/{done['id']}/items"))["items"]
    assert [(item["employee_number"], item["outcome"]) for item in items] == [(f"E-{n}", "done") for n in range(1, 5)]
    back = await run(crowd, {**SUSPEND, "operation": "reinstate"})
    assert (back["done"], await statuses(crowd)) == (4, ["valid"] * 4)


async def test_a_set_that_changed_since_its_preview_is_shown_anew_and_not_touched(crowd: TrainingService) -> None:
    token = (await preview(crowd, SUSPEND))["preview"]
    await crowd.add_person("E-5")
    await crowd.complete("E-5")

    refused = await crowd.client.post("/v1/certificate-operations", json={**SUSPEND, "preview": token})

    assert (refused.status_code, refused.json()["preview"]["total"]) == (409, 5)
    assert refused.json()["type"].endswith("/set-changed")
    assert await statuses(crowd) == ["valid"] * 4
    unseen = await crowd.client.post("/v1/certificate-operations", json=SUSPEND)
    assert unseen.status_code == 422, "nothing is done that was not shown"


async def test_an_operation_that_was_only_half_written_down_is_ended_and_does_nothing(crowd: TrainingService) -> None:
    body = OperationIn.model_validate({**SUSPEND, "dry_run": True})
    found = await crowd.db.read(operations.look, body)
    operation = await crowd.db.write(operations.begin, body, len(found.items))
    await crowd.db.write(operations.add, operation, found.items[:2])

    await crowd.advance(timedelta(minutes=5))
    assert (await crowd.get(f"/v1/certificate-operations/{operation}"))["state"] == "preparing"
    await crowd.advance(timedelta(minutes=6))
    ended = await crowd.get(f"/v1/certificate-operations/{operation}")
    assert (ended["state"], ended["done"], ended["waiting"]) == ("failed", 0, 2)
    assert await statuses(crowd) == ["valid"] * 4


async def test_nobody_decides_on_themself_and_a_key_reaches_its_departments_only(crowd: TrainingService) -> None:
    lead = await crowd.as_person("E-1", *ALL)
    own = (await lead.post("/v1/certificate-operations", json={**SUSPEND, "dry_run": True})).json()["preview"]
    assert (own["total"], own["excluded"]) == (3, {"own_matter": 1, "not_possible": 0})
    limited = crowd.ask_as(Principal(id="key:press", scopes=ALL, departments=frozenset({"Press"})))
    seen = (await limited.post("/v1/certificate-operations", json={**SUSPEND, "dry_run": True})).json()["preview"]
    assert [one["employee_number"] for one in seen["sample"]] == ["E-4"]


async def test_extended_ones_end_later_and_renewed_ones_are_new(crowd: TrainingService) -> None:
    before = (await crowd.get("/v1/certificates", certification="basics"))["items"]
    extended = await run(crowd, {**SUSPEND, "operation": "extend", "days": 30})
    after = (await crowd.get("/v1/certificates", certification="basics"))["items"]

    assert extended["done"] == 4
    assert [ends(one) - ends(two) for one, two in zip(after, before, strict=True)] == [timedelta(days=30)] * 4

    await crowd.advance(timedelta(days=100))
    renewed = await run(crowd, {**SUSPEND, "operation": "renew"})
    current = (await crowd.get("/v1/certificates", certification="basics"))["items"]

    assert renewed["done"] == 4
    assert [one["replaces"] for one in current] == [one["id"] for one in before]
    assert all(ends(one) > ends(two) for one, two in zip(current, after, strict=True))
    assert await statuses(crowd) == ["valid"] * 4


def ends(certificate: Any) -> datetime:
    """Return when a certificate ends."""
    return datetime.fromisoformat(certificate["expires_at"])


async def test_a_changed_definition_is_shown_before_it_holds(crowd: TrainingService) -> None:
    await crowd.add_person("E-5")
    await crowd.hear_of_acknowledgement((await crowd.get("/v1/people/E-1"))["id"])
    await crowd.define("strict", policies=["social-media"], courses=["answering"])
    asked = {"policies": ["social-media"], "audience": {"departments": ["Support"]}}

    shown = await crowd.post("/v1/certifications/basics/preview", asked)
    looser = await crowd.post("/v1/certifications/strict/preview", {"policies": []})

    assert (shown["not_renewable"], shown["issued"], shown["complete"]) == (3, 0, True)
    assert shown["missing"] == {"policy/social-media": 3, "audience": 1}
    assert [(one["employee_number"], one["missing"]) for one in shown["sample"]] == [
        ("E-2", ["policy/social-media"]),
        ("E-3", ["policy/social-media"]),
        ("E-4", ["audience", "policy/social-media"]),
    ]
    assert (looser["issued"], (await crowd.get("/v1/certifications/strict"))["policies"]) == (4, ["social-media"])
    assert (await crowd.get("/v1/certifications/basics"))["policies"] == []
