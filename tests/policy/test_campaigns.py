"""Campaigns: who is asked to accept what is in force, by when, and what they are told until they have."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.context import Principal
from tests.faults.processes import until
from tests.policy.conftest import POLICY, PolicyService
from tests.policy.team import certify, ok, refused

DAY = timedelta(days=1)
CAMPAIGNS = "/v1/acknowledgement-campaigns"
SCRIPT = Path(__file__).parents[2] / "docs" / "verify_receipt.py"


async def campaign(service: PolicyService, days: float = 10, **more: Any) -> str:
    """Begin a campaign for everyone; returns its path."""
    body = {
        "policy": "social-media",
        "title": "Autumn round",
        "due_at": (service.clock.now() + days * DAY).isoformat(),
        "reminders": [-3, 1],
        "escalate_after": 2,
        **more,
    }
    answer = await service.client.post(CAMPAIGNS, json=body)
    assert answer.status_code == 201, answer.text
    return f"{CAMPAIGNS}/{answer.json()['id']}"


async def accept(service: PolicyService, version: str, number: str) -> dict[str, Any]:
    """Accept a version in somebody's name."""
    answer = await service.client.post(f"{version}/acknowledgements", json={"employee_number": number})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def told(service: PolicyService, what: str) -> list[str]:
    """Return who was told, by employee number, in the order in which they were."""
    numbers = {person: number for number, person in service.people.items()}
    return [numbers[str(data["person"])] for data in await service.told(f"policy.acknowledgement.{what}.v1")]


async def people(service: PolicyService, path: str, **query: str) -> dict[str, str]:
    """Return the status of each person that a campaign asks."""
    items = ok(await service.client.get(f"{path}/people", params=query))["items"]
    return {item["employee_number"]: item["status"] for item in items}


async def test_everyone_is_asked_reminded_and_their_manager_told_once_each(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.publish()
    await campaign(service)
    for _ in range(2):
        await service.advance(timedelta())
    assert sorted(await told(service, "requested")) == ["E-1", "E-2", "E-3", "E-4"]
    await accept(service, version, "E-1")
    await service.advance(7.5 * DAY)
    assert sorted(await told(service, "reminded")) == ["E-2", "E-3", "E-4"]
    await accept(service, version, "E-2")
    # Away over both the next reminder and the escalation: one word of each kind, not two.
    await service.advance(6 * DAY)
    await service.advance(DAY)
    assert sorted((await told(service, "reminded"))[3:]) == ["E-3", "E-4"]
    assert sorted(await told(service, "escalated")) == ["E-3", "E-4"]
    assert len(await told(service, "requested")) == 4


async def test_statuses_follow_date_and_exemption(service_on_both: PolicyService) -> None:
    service = service_on_both
    version = await service.publish()
    path = await campaign(service)
    await accept(service, version, "E-1")
    exempt = {"employee_number": "E-2", "reason": "On parental leave."}
    assert ok(await service.client.post(f"{path}/exemptions", json=exempt))["exempt"] == "On parental leave."
    assert await people(service, path) == {"E-1": "done", "E-2": "exempt", "E-3": "missing", "E-4": "missing"}
    await service.advance(11 * DAY)
    assert await people(service, path, status="overdue") == {"E-3": "overdue", "E-4": "overdue"}
    listed = "/v1/policies/social-media/acknowledgements"
    for status, numbers in (("done", ["E-1"]), ("exempt", ["E-2"]), ("overdue", ["E-3", "E-4"]), ("missing", [])):
        items = ok(await service.client.get(listed, params={"status": status}))["items"]
        assert [item["employee_number"] for item in items] == numbers, status
    assert "E-2" not in await told(service, "reminded")

    ok(await service.client.delete(f"{path}/exemptions/E-2"))
    await service.advance(timedelta())
    assert (await people(service, path))["E-2"] == "overdue"
    counts = ok(await service.client.get(path))["counts"]
    assert counts == {"people": 4, "done": 1, "missing": 0, "overdue": 3, "exempt": 0}
    assert [person for _, _, person in await service.evidence("policy.campaign.exempted")] == [service.people["E-2"]]


async def test_a_material_version_asks_anew_and_an_editorial_one_does_not(service: PolicyService) -> None:
    # Accepted before, so that nobody asks for it first, however long that takes.
    await accept(service, await service.publish(), "E-1")
    path = await campaign(service)

    async def publish(*, material: bool) -> None:
        body = {"source": POLICY.replace("insult.", f"insult, {material}."), "change_note": "x", "material": material}
        number = ok(
            await service.client.post("/v1/policies/social-media/versions", json={**body, "employee_number": "E-1"})
        )["number"]
        version = f"/v1/policies/social-media/versions/{number}"
        await service.approve(version)
        ok(await service.client.post(f"{version}/publication", json={}))

    await publish(material=False)
    assert await people(service, path, status="done") == {"E-1": "done"}
    (standing,) = ok(await service.client.get("/v1/policies/social-media/acknowledgements", params={"status": "done"}))[
        "items"
    ]
    assert (standing["version"], standing["accepted_version"]) == (2, 1)
    assert ok(await service.client.get(path))["asked_version"] == 1

    await service.advance(20 * DAY)
    await publish(material=True)
    again = ok(await service.client.get(path))
    assert (again["asked_version"], again["counts"]["missing"]) == (3, 4)
    await service.advance(timedelta())
    assert (await told(service, "requested")).count("E-1") == 1
    assert (await told(service, "requested")).count("E-3") == 2
    await accept(service, "/v1/policies/social-media/versions/3", "E-1")
    assert await people(service, path, status="done") == {"E-1": "done"}


async def test_joiners_have_their_own_date_and_who_leaves_the_audience_is_left_alone(service: PolicyService) -> None:
    await service.publish()
    path = await campaign(service, days=3, audience={"departments": ["Support"], "regions": ["EMEA"]})
    assert await people(service, path) == {"E-1": "missing"}
    await service.hear_of("E-9")
    assert await people(service, path) == {"E-1": "missing", "E-9": "missing"}
    await service.advance(4 * DAY)
    assert await people(service, path) == {"E-1": "overdue", "E-9": "missing"}
    await service.hear_of("E-9", active=False)
    await service.hear_of("E-1", "Sales")
    assert await people(service, path) == {}

    by_certificate = await campaign(service, audience={"certifications": ["coach"]})
    assert await people(service, by_certificate) == {}
    await certify(service, "E-4")
    assert await people(service, by_certificate) == {"E-4": "missing"}


async def test_a_campaign_is_changed_on_what_was_seen_and_closed_once(service: PolicyService) -> None:
    await service.publish()
    path = await campaign(service, days=2)
    before = await service.client.get(path)
    later = (service.clock.now() + 20 * DAY).isoformat()
    stale = {"If-Match": '"99"'}
    refused(await service.client.patch(path, json={"due_at": later}, headers=stale), 412, "stale")
    ok(await service.client.patch(path, json={"due_at": later}, headers={"If-Match": before.headers["ETag"]}))
    await service.advance(3 * DAY)
    assert set((await people(service, path)).values()) == {"missing"}
    await service.advance(15 * DAY)
    assert sorted(await told(service, "reminded")) == ["E-1", "E-2", "E-3", "E-4"]
    ok(await service.client.post(f"{path}/closure", json={}))
    refused(await service.client.post(f"{path}/closure", json={}), 409, "campaign-closed")
    await service.advance(5 * DAY)
    assert await told(service, "escalated") == []
    assert [data["change"] for data in await service.told("policy.campaign.changed.v1")] == [
        *("started", "changed", "closed")
    ]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"policy": "nothing-here"}, 404, "not-found"),
        ({"due_at": "2020-01-01T00:00:00Z"}, 422, "invalid"),
        ({"audience": {"departments": ["x"] * 201}}, 422, "invalid"),
        ({"audience": {"teams": []}}, 422, "invalid"),
        ({"reminders": [9999]}, 422, "invalid"),
        ({"employee_number": "E-99"}, 404, "unknown-person"),
    ],
)
async def test_a_campaign_that_makes_no_sense_is_refused(
    service: PolicyService, more: dict[str, Any], status: int, code: str
) -> None:
    await service.publish()
    body = {"policy": "social-media", "title": "x", "due_at": (service.clock.now() + DAY).isoformat(), **more}
    refused(await service.client.post(CAMPAIGNS, json=body), status, code)
    assert ok(await service.client.get(CAMPAIGNS))["items"] == []


async def test_nobody_is_asked_for_a_policy_of_which_nothing_is_in_force(service: PolicyService) -> None:
    await service.write()
    body = {"policy": "social-media", "title": "x", "due_at": (service.clock.now() + DAY).isoformat()}
    refused(await service.client.post(CAMPAIGNS, json=body), 409, "nothing-in-force")


async def test_a_person_sees_only_themselves_and_begins_nothing(service: PolicyService) -> None:
    await service.publish()
    path = await campaign(service)
    own = ok(await service.as_person("E-3").get(f"{path}/people"))["items"]
    assert [item["employee_number"] for item in own] == ["E-3"]
    body = {"policy": "social-media", "title": "x", "due_at": (service.clock.now() + DAY).isoformat()}
    assert (await service.as_person("E-3").post(CAMPAIGNS, json=body)).status_code == 403
    assert (await service.as_person("E-3").post(f"{path}/exemptions", json={})).status_code == 403
    key = service.ask_as(Principal(id="key:hr", scopes=frozenset({"people:read"}), departments=frozenset({"Support"})))
    limited = ok(await key.get(f"{path}/people"))["items"]
    assert [item["employee_number"] for item in limited] == ["E-1", "E-3"]


async def test_a_large_campaign_is_begun_at_once_and_told_in_steps(service: PolicyService) -> None:
    await service.publish()
    await asyncio.gather(*(service.hear_of(f"N-{number}", "Stores") for number in range(1200)))
    path = await campaign(service)
    assert ok(await service.client.get(path))["counts"]["missing"] == 1204
    for _ in range(3):
        await service.advance(timedelta())
    assert sorted(await told(service, "requested")) == sorted(service.people)


async def test_a_receipt_verifies_offline_and_any_change_of_it_is_seen(
    service_on_both: PolicyService, tmp_path: Path
) -> None:
    service = service_on_both
    version = await service.publish()
    receipts = [await accept(service, version, number) for number in ("E-1", "E-2", "E-3")]
    path = f"/v1/acknowledgements/{receipts[1]['id']}/receipt"

    async def sealed() -> bool:
        return (await service.client.get(path)).status_code == 200

    await until(sealed, "the seal of the entry")
    proved = ok(await service.as_person("E-2").get(path))
    key = service.app.state.sealer.public_key().public_bytes_raw().hex()
    assert proved["public_key"] == key
    assert (await service.as_person("E-3").get(path)).status_code == 404

    def verify(given: dict[str, Any], by: str = key) -> subprocess.CompletedProcess[str]:
        (tmp_path / "receipt.json").write_text(json.dumps(given))
        arguments = [sys.executable, str(SCRIPT), str(tmp_path / "receipt.json"), by]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)

    good = verify(proved)
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("Valid: E-2 accepted social-media 1 at ")
    proof, receipt = proved["proof"], proved["receipt"]
    changes: dict[str, dict[str, Any]] = {
        "version": {"receipt": {**receipt, "version": 2}},
        "content": {"receipt": {**receipt, "version_hash": "0" * 64}},
        "person": {"receipt": {**receipt, "person": service.people["E-1"]}},
        "time": {"receipt": {**receipt, "acknowledged_at": "2020-01-01T00:00:00Z"}},
        "entry": {"proof": {**proof, "body": proof["body"].replace("policies/", "polices/")}},
        "place": {"proof": {**proof, "place": proof["place"] + 1}},
        "path": {"proof": {**proof, "path": [*proof["path"], "00" * 32]}},
        "head": {"proof": {**proof, "head": proof["head"].replace('"size":', '"size": ')}},
        "signature": {"proof": {**proof, "signature": "00" * 64}},
        "salt": {"salt": "00"},
    }
    for name, changed in changes.items():
        bad = verify({**proved, **changed})
        assert (bad.returncode, bad.stderr[:9]) == (1, "Not valid"), name
    assert verify(proved, "ab" * 32).returncode == 1
