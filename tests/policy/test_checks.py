"""May this be posted? Answered with the place that the answer rests on."""

from typing import Any

from tests.policy.conftest import POLICY, PolicyService

PRAISE = "\N{PARTY POPPER} The AcmePhone is brilliant!"


async def check(service: PolicyService, **body: Any) -> Any:
    answer = await service.client.post("/v1/checks", json={"network": "mastodon", "kind": "post", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_held_draft_is_told_rule_section_version_span_and_who_may_approve(service: PolicyService) -> None:
    await service.publish()
    await service.client.post("/v1/task-team/seats", json={"key": "lead", "role": "lead"})
    await service.client.post("/v1/task-team/seats", json={"key": "coach", "role": "coach"})
    for number, seat in (("E-1", "lead"), ("E-2", "coach")):
        body = {"employee_number": number, "seat": seat, "experience": "Ten years.", "why": "Kind."}
        nomination = (await service.client.post("/v1/task-team/nominations", json=body)).json()["id"]
        decision = {"decision": "appoint", "reason": "Yes."}
        await service.client.post(f"/v1/task-team/nominations/{nomination}/decision", json=decision)

    verdict = await check(service, text=PRAISE, employee_number="E-3")
    (reason,) = verdict["reasons"]
    assert verdict["verdict"] == reason["severity"] == "hold"
    assert (reason["rule"], reason["policy"], reason["version"], reason["section"]) == (
        "disclose-employer",
        "social-media",
        1,
        "speak-as-yourself",
    )
    assert PRAISE[reason["span"]["start"] : reason["span"]["end"]] == "AcmePhone"
    assert (verdict["disclosure"], verdict["approvers"], verdict["receipt"]) == ("#AcmeEmployee", ["E-1"], None)
    assert (await check(service, text=PRAISE, employee_number="E-1"))["approvers"] == []


async def test_the_worst_severity_is_the_verdict(service: PolicyService) -> None:
    await service.publish()
    verdict = await check(service, text="Only an idiot would not buy the AcmePhone")
    assert (verdict["verdict"], [reason["rule"] for reason in verdict["reasons"]]) == (
        "block",
        ["no-insults", "disclose-employer"],
    )
    answer = await check(service, text="The AcmePhone is brilliant! #AcmeEmployee")
    assert answer == {"verdict": "clear", "reasons": [], "disclosure": None, "approvers": [], "receipt": None}


async def test_checks_follow_what_is_in_force_of_all_policies(service: PolicyService) -> None:
    assert (await check(service, text="idiot"))["verdict"] == "clear"
    await service.publish()
    assert (await check(service, text="idiot"))["verdict"] == "block"
    await service.publish(POLICY.replace("severity: block", "severity: advise"))
    assert (await check(service, text="idiot"))["verdict"] == "advise"

    source = POLICY.replace("severity: block", "severity: hold").replace("id: no-insults", "id: no-insults-here-either")
    await service.publish(source, key="customer-care")
    places = [(reason["policy"], reason["version"]) for reason in (await check(service, text="idiot"))["reasons"]]
    assert places == [("customer-care", 1), ("social-media", 2)]


async def test_several_drafts_are_answered_in_their_order(service: PolicyService) -> None:
    await service.publish()
    body = {"items": [{"text": "idiot"}, {"text": "friend"}]}
    answer = await service.client.post("/v1/checks", json=body)
    assert [item["verdict"] for item in answer.json()["items"]] == ["block", "clear"]
    both = await service.client.post("/v1/checks", json={**body, "text": "idiot"})
    assert both.status_code == 422
