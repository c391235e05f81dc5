"""Static content is used only in words that a principal has approved, and the record says who, when and which."""

from typing import Any

import pytest

from shared.evidence import digest_of
from tests.evidence import evidence_of
from tests.monitoring.organisation import hire, person_id, suspend, words_rule
from tests.monitoring.serving import MonitoringService, refused

PROFILE = {"kind": "profile", "network": "bluesky", "title": "Our profile", "text": "Tents since 1951."}
APPROVE = {"decision": "approve", "employee_number": "E-2"}


@pytest.fixture
async def service(service: MonitoringService) -> MonitoringService:
    """Run a service with two people who are certified."""
    await hire(service.db, 1, 2, online=False)
    return service


async def written(service: MonitoringService) -> str:
    """Let E-1 write a profile; returns its path."""
    made = await service.post("/v1/static-content", {**PROFILE, "employee_number": "E-1"})
    return f"/v1/static-content/{made['id']}"


async def states(service: MonitoringService, path: str) -> list[str]:
    return [one["state"] for one in (await service.get(path))["history"]]


async def test_a_version_is_used_only_once_somebody_else_has_approved_it_and_replaces_the_one_before(
    service: MonitoringService,
) -> None:
    path = await written(service)
    assert refused(await service.client.post(f"{path}/versions/1/use", json={})) == (409, "version-not-approved")
    own = {**APPROVE, "employee_number": "E-1"}
    assert refused(await service.client.post(f"{path}/versions/1/decision", json=own)) == (403, "not-a-principal")
    await service.post(f"{path}/versions/1/decision", APPROVE)
    await service.post(f"{path}/versions/1/use")
    await service.post(f"{path}/versions", {"text": "Tents and rucksacks.", "employee_number": "E-1"})
    assert await states(service, path) == ["written", "in_use"], "the old words stand until the new ones may"
    await service.post(f"{path}/versions/2/decision", APPROVE)
    used = await service.post(f"{path}/versions/2/use")
    assert (used["in_use"], await states(service, path)) == (2, ["in_use", "withdrawn"])

    first = used["history"][1]
    assert (first["author"], first["approver"], first["text_hash"]) == ("E-1", "E-2", digest_of(PROFILE["text"]))
    assert first["decided_at"] <= first["used_from"] <= first["used_until"]
    proved = await evidence_of(service.db, "static_content.approve")
    subject = path.removeprefix("/v1/static-content/")
    assert proved[0] == (f"static_content/{subject}", digest_of(PROFILE["text"]), person_id(2))
    told = await service.told("monitoring.static_content.changed.v1")
    assert [(one["version"], one["state"]) for one in told][-2:] == [(1, "withdrawn"), (2, "in_use")]


async def test_a_rejected_version_says_why_and_is_never_used(service: MonitoringService) -> None:
    path = await written(service)
    no = {"decision": "reject", "reason": "Since 1953.", "employee_number": "E-2"}
    rejected = await service.post(f"{path}/versions/1/decision", no)
    assert rejected["history"][0]["reason"] == "Since 1953."
    assert refused(await service.client.post(f"{path}/versions/1/decision", json=APPROVE)) == (409, "not-decidable")
    assert refused(await service.client.post(f"{path}/versions/1/use", json={})) == (409, "version-not-approved")


async def test_who_lost_their_certificate_approves_nothing_and_a_key_must_name_a_person(
    service: MonitoringService,
) -> None:
    path = await written(service)
    await service.db.write(suspend, 2)
    for body in (APPROVE, {"decision": "approve"}):
        answer = await service.client.post(f"{path}/versions/1/decision", json=body)
        assert refused(answer) == (403, "not-a-principal")
    assert refused(await service.client.post("/v1/static-content", json=PROFILE)) == (403, "author-unknown")
    stale = await service.client.post(f"{path}/versions", json={"text": "New."}, headers={"If-Match": '"7"'})
    assert refused(stale) == (412, "stale")


async def test_a_rule_that_came_into_force_after_the_approval_stops_the_words(service: MonitoringService) -> None:
    path = await written(service)
    await service.post(f"{path}/versions/1/decision", APPROVE)
    rule = words_rule("no-years", "promises", "since", severity="block", kinds="[post]")
    await service.bring_into_force([rule])
    assert refused(await service.client.post(f"{path}/versions/1/use", json={})) == (409, "wording-refused")
    body: dict[str, Any] = {**PROFILE, "employee_number": "E-1"}
    assert refused(await service.client.post("/v1/static-content", json=body)) == (409, "wording-refused")
