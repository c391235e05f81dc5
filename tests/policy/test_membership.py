"""Seats over time: terms, lapses, the waiting list, handovers."""

import asyncio
from datetime import timedelta

from services.policy.handlers import seats_closed
from shared.context import Principal
from tests.policy.conftest import POLICY, PolicyService
from tests.policy.team import TEAM, appoint, certify, changes, nominate, ok, refused, revoke, seat

DAY = timedelta(days=1)


async def test_who_is_certified_again_within_the_grace_time_keeps_the_seat(service_on_both: PolicyService) -> None:
    service = service_on_both
    path = await seat(service, "care", "E-1")
    certificate = await certify(service, "E-1", days=90)
    ok(await service.client.patch(TEAM, json={"required_certification": "coach", "grace_days": 3}))
    await service.advance(timedelta())
    assert ok(await service.client.get(path))["state"] == "filled"

    # An event marks the seat at once, not only the clock.
    await revoke(service, certificate)
    lapsing = ok(await service.client.get(path))
    assert (lapsing["state"], lapsing["employee_number"]) == ("lapsing", "E-1")
    assert [each["key"] for each in ok(await service.client.get(f"{TEAM}/coverage"))["lapsing"]] == ["care"]
    await service.advance(2 * DAY)
    again = await certify(service, "E-1")
    assert ok(await service.client.get(path))["state"] == "filled"
    await service.advance(2 * DAY)
    assert ok(await service.client.get(path))["employee_number"] == "E-1"

    await revoke(service, again)
    await service.advance(3 * DAY)
    assert ok(await service.client.get(path))["state"] == "vacant"
    assert [change for _, change in await changes(service)] == [
        *("opened", "appointed", "lapsing", "restored", "lapsing", "lapsed")
    ]


async def test_a_requirement_that_is_dropped_restores_the_seats_that_lapse_by_it(service: PolicyService) -> None:
    path = await seat(service, "care", "E-1")
    terms = ok(await service.client.patch(TEAM, json={"required_certification": "coach"}))["terms"]
    await service.advance(timedelta())
    assert ok(await service.client.get(path))["state"] == "lapsing"
    revision = {"If-Match": f'"{terms["revision"] - 1}"'}
    refused(await service.client.patch(TEAM, json={"grace_days": 1}, headers=revision), 412, "stale")
    ok(await service.client.patch(TEAM, json={"required_certification": None}))
    await service.advance(timedelta())
    assert ok(await service.client.get(path))["state"] == "filled"


async def test_a_term_is_told_to_end_before_it_does(service: PolicyService) -> None:
    path = await seat(service, "care", "E-1", term_days=40)
    ends_at = ok(await service.client.get(path))["term_ends_at"]
    await service.advance(9 * DAY)
    assert await changes(service) == [("care", "opened"), ("care", "appointed")]
    await service.advance(DAY)
    await service.advance(DAY)
    told = (await service.told("policy.task_team.changed.v1"))[-1]
    assert (told["change"], told["term_ends_at"]) == ("term_ending", ends_at)
    assert len(await changes(service)) == 3
    await service.advance(30 * DAY)
    assert ok(await service.client.get(path))["state"] == "vacant"
    assert (await changes(service))[-1] == ("care", "term_ended")


async def test_a_term_that_is_prolonged_is_told_to_end_anew(service: PolicyService) -> None:
    path = await seat(service, "care", "E-1", term_days=10)
    await service.advance(timedelta())
    later = (service.clock.now() + 60 * DAY).isoformat()
    ok(await service.client.patch(path, json={"term_ends_at": later}))
    await service.advance(29 * DAY)
    assert (await changes(service))[-1] == ("care", "changed")
    await service.advance(2 * DAY)
    assert (await changes(service))[-1] == ("care", "term_ending")
    past = (service.clock.now() - DAY).isoformat()
    refused(await service.client.patch(path, json={"term_ends_at": past}), 422, "invalid")


async def waitlist(service: PolicyService, number: str, wished: str | None = None) -> str:
    path = await nominate(service, number, wished)
    assert ok(await service.client.post(f"{path}/decision", json={"decision": "waitlist", "reason": "Soon."}))
    service.clock.advance(timedelta(seconds=1))
    return path


async def test_a_seat_that_becomes_free_is_offered_in_the_order_of_the_waiting_list(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    path = await seat(service, "care", "E-1")
    second, other, third = [await waitlist(service, *each) for each in (("E-2",), ("E-3", "care"), ("E-4",))]
    waiting = ok(await service.client.get(f"{TEAM}/waiting-list"))["items"]
    assert [each["employee_number"] for each in waiting] == ["E-2", "E-3", "E-4"]
    refused(await service.as_person("E-2").post(f"{second}/answer", json={"answer": "accept"}), 409, "not-offered")

    ok(await service.as_person("E-1").post(f"{path}/departure", json={"reason": "A new job."}))
    await service.advance(timedelta())
    assert ok(await service.client.get(second))["offered_seat"] == "care"
    assert ok(await service.client.get(other))["state"] == "waiting"

    # Who does not answer goes to the end of the list, who refuses is off it.
    await service.advance(7 * DAY)
    refused(await service.as_person("E-4").post(f"{other}/answer", json={"answer": "accept"}), 404, "not-found")
    assert ok(await service.as_person("E-3").post(f"{other}/answer", json={"answer": "refuse"}))["state"] == "withdrawn"
    await service.advance(timedelta())
    taken = ok(await service.as_person("E-4").post(f"{third}/answer", json={"answer": "accept"}))
    assert (taken["state"], taken["seat"]) == ("appointed", "care")
    assert ok(await service.client.get(path))["employee_number"] == "E-4"
    waiting = ok(await service.client.get(f"{TEAM}/waiting-list"))["items"]
    assert [(each["employee_number"], each["state"]) for each in waiting] == [("E-2", "waiting")]
    told = [each["change"] for each in await service.told("policy.nomination.changed.v1")]
    assert told[-5:] == ["offer_ended", "offered", "offer_refused", "offered", "offer_accepted"]


async def test_an_offer_ends_when_a_lead_gives_the_seat_to_another_and_the_place_on_the_list_is_kept(
    service: PolicyService,
) -> None:
    await seat(service, "care")
    first = await waitlist(service, "E-2")
    await service.advance(timedelta())
    assert ok(await service.client.get(first))["state"] == "offered"
    await waitlist(service, "E-3")
    await appoint(service, await nominate(service, "E-4"), "care")
    refused(await service.as_person("E-2").post(f"{first}/answer", json={"answer": "accept"}), 409, "seat-taken")
    await service.advance(timedelta())
    waiting = ok(await service.client.get(f"{TEAM}/waiting-list"))["items"]
    assert [(each["employee_number"], each["state"]) for each in waiting] == [("E-2", "waiting"), ("E-3", "waiting")]


async def test_a_seat_is_not_offered_to_who_may_not_have_it(service: PolicyService) -> None:
    await seat(service, "care")
    uncertified, certified = await waitlist(service, "E-2"), await waitlist(service, "E-3")
    ok(await service.client.patch(TEAM, json={"required_certification": "coach"}))
    await certify(service, "E-3")
    await service.advance(timedelta())
    assert ok(await service.client.get(uncertified))["state"] == "waiting"
    assert ok(await service.client.get(certified))["state"] == "offered"


async def test_a_holder_hands_the_seat_over_with_notes_that_both_read(service_on_both: PolicyService) -> None:
    service = service_on_both
    path = await seat(service, "care", "E-1")
    body = {"employee_number": "E-2", "notes": "Two threads are open."}
    refused(await service.as_person("E-3").post(f"{path}/handover", json=body), 404, "no-such-seat")
    own = {"employee_number": "E-1", "notes": "To me."}
    refused(await service.as_person("E-1").post(f"{path}/handover", json=own), 409, "own-seat")
    answers = await asyncio.gather(
        *(
            service.as_person("E-1").post(f"{path}/handover", json=body | {"employee_number": to})
            for to in ("E-2", "E-3")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 404]

    taker = ok(await service.client.get(path))["employee_number"]
    for number in ("E-1", taker):
        (left,) = ok(await service.as_person(number).get(f"{path}/handovers"))["items"]
        assert (left["giver"], left["taker"], left["notes"]) == ("E-1", taker, "Two threads are open.")
    assert ok(await service.as_person("E-4").get(f"{path}/handovers"))["items"] == []
    assert len(await service.evidence("team.handover")) == 1


async def test_a_seat_is_described_anew_and_closed_only_when_nobody_holds_it(service: PolicyService) -> None:
    path = await seat(service, "care", "E-1", department="Support", topics=["social-media"])
    tag = (await service.client.get(path)).headers["ETag"]
    changed = await service.client.patch(path, json={"language": "de", "department": None}, headers={"If-Match": tag})
    body = ok(changed)
    assert (body["language"], body["department"], body["topics"]) == ("de", None, ["social-media"])
    stale = await service.client.put(path, json={"role": "lead"}, headers={"If-Match": tag})
    refused(stale, 412, "stale")
    refused(await service.client.delete(path), 409, "seat-taken")
    ok(await service.client.post(f"{path}/departure", json={"reason": "Closing."}))
    assert (await service.client.delete(path)).status_code == 204
    refused(await service.client.get(path), 404, "no-such-seat")
    assert (await changes(service))[-1] == ("care", "closed")
    again = await service.app.state.db.read(seats_closed, None, 5)
    assert [(each.seat, each.person, each.change) for each in again] == [("care", None, "closed")]


async def test_only_those_who_have_a_part_in_a_nomination_and_the_team_read_it(service: PolicyService) -> None:
    await seat(service, "care", "E-4")
    body = {"employee_number": "E-1", "experience": "Ran our forum.", "why": "Patient."}
    answer = await service.as_person("E-2").post(f"{TEAM}/nominations", json=body)
    path = f"{TEAM}/nominations/{ok(answer)['id']}"
    for reader in ("E-1", "E-2", "E-4"):
        assert (await service.as_person(reader).get(path)).status_code == 200
    outsider = service.as_person("E-3")
    refused(await outsider.get(path), 404, "not-found")
    assert ok(await outsider.get(f"{TEAM}/nominations"))["items"] == []
    ok(await outsider.post(f"{path}/endorsements", json={"words": "Yes!"}))
    assert [each["id"] for each in ok(await outsider.get(f"{TEAM}/nominations"))["items"]] == [path[-36:]]

    refused(await service.as_person("E-2").post(f"{path}/withdrawal", json={}), 404, "not-found")
    assert ok(await service.as_person("E-1").post(f"{path}/withdrawal", json={}))["state"] == "withdrawn"


async def test_the_charter_is_the_policy_of_that_name(service: PolicyService) -> None:
    assert ok(await service.client.get(TEAM))["charter"] is None
    await service.publish(POLICY.replace("Social media policy", "How we work"), key="task-team-charter")
    charter = ok(await service.client.get(TEAM))["charter"]
    assert (charter["policy"], charter["version"], charter["title"]) == ("task-team-charter", 1, "How we work")


async def test_a_key_limited_to_departments_changes_only_their_seats(service: PolicyService) -> None:
    own = await seat(service, "own", "E-1")
    other = await seat(service, "other", "E-2")
    vacant = await seat(service, "vacant", department="Communications")
    scopes = frozenset({"team:read", "team:write"})
    limited = service.ask_as(Principal(id="key:limited", scopes=scopes, departments=frozenset({"Support"})))
    for path in (other, vacant):
        refused(await limited.patch(path, json={"language": "de"}), 404, "no-such-seat")
        refused(await limited.delete(path), 404, "no-such-seat")
    refused(await limited.post(f"{other}/departure", json={"reason": "x"}), 404, "no-such-seat")
    handover = {"employee_number": "E-1", "notes": "x"}
    refused(await limited.post(f"{vacant}/handover", json=handover), 404, "no-such-seat")
    refused(await limited.patch(TEAM, json={"grace_days": 1}), 403, "for-whole-team")
    assert [each["seat"] for each in ok(await limited.get(f"{TEAM}/members"))["items"]] == ["own"]
    assert ok(await limited.patch(own, json={"language": "de"}))["language"] == "de"
