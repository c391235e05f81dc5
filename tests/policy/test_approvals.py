"""Approval of held drafts: on the author's wish, by those who may, and into the receipt."""

import asyncio
import json
from pathlib import Path

from tests.policy.checking import PRAISE, check, created, held, seat
from tests.policy.conftest import PolicyService
from tests.policy.test_receipts import verify

REQUESTS = "/v1/approval-requests"


async def with_team(service: PolicyService) -> None:
    """Publish the policy; E-1 leads, E-2 reviews, E-3 and E-4 may not approve."""
    await service.publish()
    await seat(service, "E-1", "lead")
    await seat(service, "E-2", "reviewer")


async def test_a_decision_is_told_and_goes_into_a_new_receipt(service_on_both: PolicyService, tmp_path: Path) -> None:
    service = service_on_both
    await with_team(service)
    first = (await held(service))["receipt"]
    author = service.as_person("E-3")
    asked = await author.post(REQUESTS, json={"check": first["id"], "note": "For the launch."})
    request = await created(asked)
    assert (request["state"], request["author"], request["approvers"]) == ("open", "E-3", ["E-1", "E-2"])
    assert (request["check"]["text"], request["receipt"]) == (PRAISE, first)

    path = f"{REQUESTS}/{request['id']}/decision"
    approve = {"decision": "approve", "comment": "Lovely."}
    stale = await service.as_person("E-2").post(path, json=approve, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    decided = await service.as_person("E-2").post(path, json=approve, headers={"If-Match": asked.headers["etag"]})
    assert (decided.json()["state"], decided.json()["decided_by"]) == ("approved", "E-2"), decided.text

    receipt = (await author.get(f"/v1/checks/{first['id']}")).json()["receipt"]
    body = json.loads(receipt["body"])
    assert (body["approval"]["decision"], body["approval"]["decided_by"]) == ("approved", "E-2")
    assert "approved by E-2" in verify(tmp_path, receipt, PRAISE, first["public_key"]).stdout
    [told] = await service.told("policy.approval.decided.v1")
    assert (told["decision"], told["person"]) == ("approved", service.people["E-3"])
    [asked_event] = await service.told("policy.approval.requested.v1")
    assert asked_event["text"] == ""


async def test_only_who_may_decides_once_and_never_the_author(service: PolicyService) -> None:
    await with_team(service)
    await seat(service, "E-3", "reviewer")
    check_id = (await held(service))["receipt"]["id"]
    author = service.as_person("E-3")
    request = await created(await author.post(REQUESTS, json={"check": check_id}))
    path = f"{REQUESTS}/{request['id']}/decision"
    approve = {"decision": "approve"}
    assert (await author.post(path, json=approve)).status_code == 409
    assert (await service.as_person("E-4", "policies:write").post(path, json=approve)).status_code == 404
    answers = await asyncio.gather(
        *(service.as_person(number).post(path, json={"decision": "reject"}) for number in ("E-1", "E-2"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await service.told("policy.approval.decided.v1")) == 1


async def test_each_sees_what_they_asked_and_what_they_are_asked(service: PolicyService) -> None:
    await with_team(service)

    async def listed(number: str, **query: str) -> list[str]:
        answer = await service.as_person(number).get(REQUESTS, params=query)
        return [item["id"] for item in answer.json()["items"]]

    requests = []
    for body in ({}, {"approver": "E-1"}):
        check_id = (await held(service))["receipt"]["id"]
        requests.append(await created(await service.as_person("E-3").post(REQUESTS, json={"check": check_id, **body})))
    for_all, for_lead = (request["id"] for request in requests)
    assert await listed("E-3") == await listed("E-1", role="approver") == [for_lead, for_all]
    assert await listed("E-2") == [for_all]
    assert await listed("E-4") == await listed("E-3", role="approver") == []
    await service.as_person("E-2").post(f"{REQUESTS}/{for_all}/decision", json={"decision": "reject"})
    assert await listed("E-2", state="rejected") == [for_all]
    assert await listed("E-1") == [for_lead]
    assert (await service.as_person("E-1").get(f"{REQUESTS}/{for_all}")).status_code == 404


async def test_only_ones_own_held_draft_can_be_put_up_and_only_to_somebody_who_may(service: PolicyService) -> None:
    await with_team(service)
    author = service.as_person("E-3")
    check_id = (await held(service))["receipt"]["id"]
    other = await service.as_person("E-4").post(REQUESTS, json={"check": check_id})
    wrong = await author.post(REQUESTS, json={"check": check_id, "approver": "E-4"})
    assert (other.status_code, wrong.status_code, wrong.json()["errors"][0]["detail"]) == (404, 422, "may: E-1, E-2")
    clear = (await author.post("/v1/checks", json={"text": "Good morning", "keep": True})).json()["receipt"]["id"]
    assert (await author.post(REQUESTS, json={"check": clear})).status_code == 409
    await created(await author.post(REQUESTS, json={"check": check_id}))
    assert (await author.post(REQUESTS, json={"check": check_id})).status_code == 409
    assert (await check(service, text=PRAISE, employee_number="E-3"))["approvers"] == ["E-1", "E-2"]
