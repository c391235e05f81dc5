"""May this be posted? Answered with the place that the answer rests on."""

import asyncio
from datetime import timedelta

from services.policy.domain import certificates
from shared.events.training import CertificateIssuedV1
from shared.ids import new_id
from tests.policy.checking import PRAISE, check, seat
from tests.policy.conftest import POLICY, PolicyService


async def test_a_held_draft_is_told_rule_section_version_span_and_who_may_approve(service: PolicyService) -> None:
    await service.publish()
    await seat(service, "E-1", "lead")
    await seat(service, "E-2", "coach")

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
    assert answer == {
        "verdict": "clear",
        "reasons": [],
        "disclosure": None,
        "approvers": [],
        "protected": None,
        "receipt": None,
    }


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


async def test_who_the_author_is_decides_which_rules_count_and_nobody_known_gets_the_strictest(
    service: PolicyService,
) -> None:
    source = POLICY.replace(
        'examples:\n  match: ["Only an idiot',
        'applies_to: {departments: [Support], without_certification: [spokesperson]}\nexamples:\n  match: ["Only an idiot',
    )
    await service.publish(source)
    text = "What an idiot"
    assert (await check(service, text=text))["verdict"] == "block"
    assert (await check(service, text=text, employee_number="E-1"))["verdict"] == "block"
    assert (await check(service, text=text, employee_number="E-2"))["verdict"] == "clear"
    await certify(service, "E-1", "spokesperson")
    assert (await check(service, text=text, employee_number="E-1"))["verdict"] == "clear"
    held = await check(service, text=PRAISE, employee_number="E-3")
    assert held["approvers"] == ["E-1"], "who is certified to speak for all may approve"
    await service.advance(timedelta(days=400))
    assert (await check(service, text=text, employee_number="E-1"))["verdict"] == "block"
    assert (await check(service, text=PRAISE, employee_number="E-3"))["approvers"] == []


async def certify(service: PolicyService, number: str, certification: str) -> None:
    """Let the service hear of a certificate that is good for a year."""
    now = service.clock.now()
    event = CertificateIssuedV1(
        id=new_id(),
        person=service.people[number],
        certification=certification,
        status="valid",
        issued_at=now,
        expires_at=now + timedelta(days=365),
        expiring_from=now + timedelta(days=300),
        grace_until=now + timedelta(days=365),
    )
    await service.app.state.db.write(lambda session: certificates.keep(session, event))


async def test_a_swap_of_rules_answers_all_who_ask_meanwhile(service: PolicyService) -> None:
    """Whoever asks while the new rules are compiled is answered by the old or the new ones, and nobody by an error."""
    await service.publish()

    async def ask_often() -> list[str]:
        return [(await check(service, text="idiot"))["verdict"] for _ in range(20)]

    version = await service.write(POLICY.replace("severity: block", "severity: advise"))
    await service.approve(version)
    *verdicts, _ = await asyncio.gather(
        ask_often(), ask_often(), ask_often(), service.client.post(f"{version}/publication", json={})
    )
    for each in verdicts:
        assert set(each) <= {"block", "advise"}
        assert each == sorted(each, reverse=True), "no way back to the old rules"
    assert (await check(service, text="idiot"))["verdict"] == "advise"
