"""Emergency rules: two people, at once, and over within 14 days."""

from datetime import timedelta
from typing import Any

import pytest

from tests.policy.checking import check, created, seat
from tests.policy.conftest import POLICY, PolicyService

RULES = "/v1/emergency-rules"
RECALL = """id: no-word-on-the-recall
severity: hold
detect:
  words: [recall]
message: The press office answers about the recall.
examples:
  match: ["Is there a recall?"]
  pass: ["I recalled a song"]
"""


async def with_team(service: PolicyService) -> None:
    """Publish the policy; E-1 leads and E-2 reviews."""
    await service.publish()
    await seat(service, "E-1", "lead")
    await seat(service, "E-2", "reviewer")


def body(**changes: Any) -> dict[str, Any]:
    """Return a proposal."""
    given = {"policy": "social-media", "section": "be-kind", "rule": RECALL, "reason": "A strap breaks."}
    return {**given, **changes}


async def in_force(service: PolicyService, **changes: Any) -> str:
    """Propose and confirm a rule; returns its path."""
    rule = await created(await service.as_person("E-1").post(RULES, json=body(**changes)))
    path = f"{RULES}/{rule['id']}"
    answer = await service.as_person("E-2").post(f"{path}/confirmation", json={}, headers={"If-Match": '"1"'})
    assert answer.json()["state"] == "in_force", answer.text
    return path


async def verdict(service: PolicyService) -> str:
    """Return what a draft about the recall gets."""
    return str((await check(service, text="No recall here!"))["verdict"])


async def test_a_rule_counts_once_a_second_person_confirms_it_and_nobody_accepts_anything_anew(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    await with_team(service)
    before = (await service.client.get("/v1/policies/social-media")).headers["etag"]
    rule = await created(await service.as_person("E-1").post(RULES, json=body()))
    assert await verdict(service) == "clear"
    confirmation = f"{RULES}/{rule['id']}/confirmation"
    alone = await service.as_person("E-1").post(confirmation, json={})
    outsider = await service.as_person("E-3").post(confirmation, json={})
    assert (alone.status_code, outsider.status_code) == (409, 403)
    await service.as_person("E-2").post(confirmation, json={})

    (reason,) = (await check(service, text="No recall here!"))["reasons"]
    assert (reason["severity"], reason["section"], reason["emergency"]) == ("hold", "be-kind", rule["id"])
    assert len(await service.told("policy.version.in_force.v1")) == 1
    shown = await service.client.get("/v1/policies/social-media")
    assert shown.headers["etag"] != before
    assert [(each["rule"], each["section"]) for each in shown.json()["emergency_rules"]] == [
        ("no-word-on-the-recall", "be-kind")
    ]
    [told] = await service.told("policy.emergency_rule.started.v1")
    assert (told["policy"], told["version"], told["yaml"]) == ("social-media", 1, RECALL)


async def test_a_rule_ends_by_itself_within_14_days_and_only_once(service: PolicyService) -> None:
    await with_team(service)
    too_long = (service.clock.now() + timedelta(days=15)).isoformat()
    assert (await service.as_person("E-1").post(RULES, json=body(ends_at=too_long))).status_code == 422
    path = await in_force(service)
    service.clock.advance(timedelta(days=14))
    assert await verdict(service) == "clear", "the clock ends it, even before the timer does"
    await service.advance(timedelta(seconds=1))
    await service.advance(timedelta(seconds=1))
    assert (await service.client.get(path)).json()["state"] == "ended"
    assert [told["why"] for told in await service.told("policy.emergency_rule.ended.v1")] == ["expired"]


async def test_a_rule_is_ended_early_and_outlives_a_new_version(service: PolicyService) -> None:
    await with_team(service)
    path = await in_force(service)
    await service.publish(POLICY.replace("Nobody was ever", "No one was ever"))
    assert await verdict(service) == "hold"
    assert (await service.as_person("E-3").delete(path)).status_code == 403
    assert (await service.as_person("E-2").delete(path)).json()["ended_by"] == "E-2"
    assert await verdict(service) == "clear"
    assert (await service.as_person("E-2").delete(path)).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"rule": RECALL.replace("Is there a recall?", "All is well")}, 422, "finds nothing in it"),
        ({"rule": RECALL.partition("examples")[0]}, 422, "at least one under `match`"),
        ({"rule": "id: ["}, 422, "YAML"),
        ({"rule": RECALL.replace("words: [recall]", "pattern: '(a+)+\\1'")}, 422, "pattern"),
        ({"section": "nowhere"}, 422, "no such section"),
        ({"policy": "nothing"}, 404, "nothing"),
        ({"rule": RECALL.replace("no-word-on-the-recall", "no-insults")}, 409, "no-insults"),
    ],
)
async def test_what_cannot_be_a_rule_is_refused_with_the_reason(
    service: PolicyService, changes: dict[str, Any], status: int, said: str
) -> None:
    await with_team(service)
    answer = await service.as_person("E-1").post(RULES, json=body(**changes))
    assert answer.status_code == status
    assert said in answer.text
    assert (await service.client.get(RULES)).json()["items"] == []


async def test_only_a_lead_proposes_also_through_a_key(service: PolicyService) -> None:
    await with_team(service)
    assert (await service.as_person("E-2").post(RULES, json=body())).status_code == 403
    assert (await service.client.post(RULES, json=body())).status_code == 422
    assert (await service.client.post(RULES, json=body(employee_number="E-3"))).status_code == 403
    assert (await service.client.post(RULES, json=body(employee_number="E-1"))).status_code == 201


async def test_a_proposal_is_for_those_who_see_drafts_until_it_counts(service: PolicyService) -> None:
    await with_team(service)
    rule = await created(await service.as_person("E-1").post(RULES, json=body(reason="The Drizla is to be recalled.")))
    path, colleague = f"{RULES}/{rule['id']}", service.as_person("E-3")
    assert (await colleague.get(path)).status_code == 404
    assert (await colleague.get(RULES)).json()["items"] == []
    assert (await service.as_person("E-2", "team:read").get(path)).json()["state"] == "proposed"
    await service.as_person("E-2").post(f"{path}/confirmation", json={})
    assert (await colleague.get(path)).json()["state"] == "in_force"
    assert [each["id"] for each in (await colleague.get(RULES)).json()["items"]] == [rule["id"]]


async def test_a_version_that_has_the_rule_takes_its_place(service_on_both: PolicyService) -> None:
    service = service_on_both
    await with_team(service)
    path = await in_force(service)
    other = body(rule=RECALL.replace("no-word-on-the-recall", "waits"))
    proposed = await created(await service.as_person("E-1").post(RULES, json=other))
    block = f"\n```rule\n{RECALL}```\n"
    await service.publish(
        f"{POLICY}{block}{block.replace('no-word-on-the-recall', 'waits').replace('recall', 'strap')}"
    )
    (reason,) = (await check(service, text="No recall here!"))["reasons"]
    assert (reason["version"], reason["emergency"]) == (2, None)
    assert (await service.client.get("/v1/policies/social-media")).json()["emergency_rules"] == []
    assert (await service.client.get(path)).json()["state"] == "ended"
    late = await service.as_person("E-2").post(f"{RULES}/{proposed['id']}/confirmation", json={})
    assert late.status_code == 409
    assert [each["why"] for each in await service.told("policy.emergency_rule.ended.v1")] == ["replaced"]
