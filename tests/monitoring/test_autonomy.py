"""How far people are trusted: proposed by what colleagues reviewed, said by a person, looked at again by another."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.domain.autonomy.rule import LAST, LEVELS, POOR, Level, Reviewed, propose
from services.monitoring.settings import terms
from tests.evidence import evidence_of
from tests.monitoring.organisation import add_person, certify, hire, person_id
from tests.monitoring.serving import MonitoringService, refused
from tests.monitoring.test_works_council import switch

CHANGE = {"network": "email", "level": "sampled", "reason": "Ten in a row."}
OUTCOMES = st.lists(st.sampled_from(["approved", "changed", "returned", "fine", "better", "wrong"]), max_size=30)


@pytest.fixture
async def service(service: MonitoringService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MonitoringService]:
    """Run a service where E-1 answers with drafts only, E-3 is trusted, all sampled replies are drawn, E-4 reports to E-1."""
    monkeypatch.setenv("SHARELOAD_MONITORING_TRUSTED_CERTIFICATION", "senior")
    monkeypatch.setenv("SHARELOAD_MONITORING_SAMPLED_SHARE", "1")
    terms.cache_clear()
    await hire(service.db, 1, capacity=20)
    await hire(service.db, 3, online=False)
    await service.db.write(certify, 3, id="senior-3", certification="senior")
    await service.db.write(add_person, 2)
    await service.db.write(add_person, 4, manager=1)
    yield service
    terms.cache_clear()


async def reply(service: MonitoringService, thread: str, **body: object) -> dict[str, Any]:
    """Let E-1 answer a customer."""
    conversation = (await service.push(thread))["id"]
    return await service.post(f"/v1/conversations/{conversation}/reply", {"text": "We call you back.", **body})


async def decide(service: MonitoringService, number: int, **changes: object) -> dict[str, Any]:
    """Let a coach say how far E-1 is trusted."""
    coach = service.as_person(number, "monitoring:read", "monitoring:write")
    answer = await coach.post("/v1/autonomy/E-1/changes", json={**CHANGE, **changes})
    assert answer.status_code == 201, answer.text
    (email,) = answer.json()["networks"]
    assert isinstance(email, dict)
    return email


async def test_ten_drafts_that_went_out_as_written_speak_for_less_company_and_a_person_decides(
    service: MonitoringService,
) -> None:
    for number in range(LAST):
        draft = await reply(service, f"t-{number}")
        assert draft["status"] == "drafted"
        await service.post(f"/v1/replies/{draft['id']}/approval", {"employee_number": "E-3"})
    (waiting,) = (await service.get("/v1/autonomy"))["items"]
    assert (waiting["employee_number"], waiting["level"], waiting["proposal"]["level"]) == (
        "E-1",
        "draft_only",
        "sampled",
    )
    assert (await reply(service, "still"))["status"] == "drafted", "a proposal changes nothing"

    email = await decide(service, 2)
    assert (email["level"], email["proposal"], email["reviewed"]["reviews"]) == ("sampled", None, 0)
    change = email["change"]
    assert (change["before"], change["proposed"], change["coach"]) == ("draft_only", True, "E-2")
    assert change["grounds"] == ["10 of the last 10 reviews changed nothing"]
    assert (await service.get("/v1/autonomy"))["items"] == []
    (told,) = await service.told("monitoring.autonomy.changed.v1")
    assert (told["person"], told["network"], told["level"]) == (person_id(1), "email", "sampled")
    assert [who for _, _, who in await evidence_of(service.db, "autonomy.change")] == [person_id(1)]

    other = await service.push("elsewhere", network="forum")
    elsewhere = await service.post(f"/v1/conversations/{other['id']}/reply", {"text": "Soon."})
    assert elsewhere["status"] == "drafted", "it was said of one network"


async def test_a_sampled_reply_goes_out_and_what_a_trusted_colleague_thinks_of_it_later_counts(
    service: MonitoringService,
) -> None:
    await decide(service, 2)
    sent = [await reply(service, f"t-{number}") for number in range(3)]
    assert {one["status"] for one in sent} == {"approved"}
    drawn = await service.as_person(3).get("/v1/reply-reviews")
    assert [one["reply"]["id"] for one in drawn.json()["items"]] == [one["id"] for one in sent]
    assert (await service.as_person(2).get("/v1/reply-reviews")).json()["items"] == []

    wrong = {"reply": sent[0]["id"], "outcome": "wrong", "reason": "We never call."}
    assert refused(await service.as_person(1).post("/v1/reply-reviews", json=wrong)) == (403, "own-reply")
    assert refused(await service.as_person(2).post("/v1/reply-reviews", json=wrong)) == (404, "not-found")
    for one in sent:
        answer = await service.as_person(3).post("/v1/reply-reviews", json={**wrong, "reply": one["id"]})
        assert answer.status_code == 201, answer.text
    assert refused(await service.as_person(3).post("/v1/reply-reviews", json=wrong)) == (409, "reply-reviewed")
    assert (await service.get("/v1/reply-reviews"))["items"] == []
    (review,) = (await service.get(f"/v1/replies/{sent[0]['id']}"))["reviews"]
    assert (review["reviewer"], review["outcome"], review["reason"]) == ("E-3", "wrong", "We never call.")
    assert [one["outcome"] for one in await service.told("monitoring.reply.reviewed.v1")] == ["wrong"] * 3

    (email,) = (await service.get("/v1/autonomy/E-1"))["networks"]
    assert (email["proposal"]["level"], email["level"]) == ("draft_only", "sampled")
    await decide(service, 2, level="trusted", reason="Bad luck.")
    await reply(service, "unwatched")
    assert (await service.get("/v1/reply-reviews"))["items"] == []


async def test_an_appeal_is_answered_by_somebody_else_who_may_also_let_it_stand(service: MonitoringService) -> None:
    await decide(service, 2)
    me = service.as_person(1)
    why = {"network": "email", "reason": "All ten went out."}
    assert refused(await service.as_person(4).post("/v1/autonomy/E-1/appeal", json=why)) == (404, "not-found")
    stale = await me.post("/v1/autonomy/E-1/appeal", json=why, headers={"If-Match": '"0"'})
    assert refused(stale) == (412, "stale")
    seen = (await me.get("/v1/autonomy/E-1")).headers["ETag"]
    appealed = await me.post("/v1/autonomy/E-1/appeal", json=why, headers={"If-Match": seen})
    assert appealed.json()["networks"][0]["appealed"], appealed.text
    assert refused(await me.post("/v1/autonomy/E-1/appeal", json=why)) == (409, "no-decision-to-appeal")
    assert [one["appealed"] for one in (await service.get("/v1/autonomy"))["items"]] == [True]

    coach = service.as_person(2, "monitoring:write")
    assert refused(await coach.post("/v1/autonomy/E-1/changes", json=CHANGE)) == (403, "appeal-for-another")
    email = await decide(service, 3, reason="Looked at all ten.")
    assert (email["level"], email["appealed"], email["change"]["coach"]) == ("sampled", False, "E-3")
    assert email["change"]["answers"] == appealed.json()["networks"][0]["change"]["id"]
    assert refused(await coach.post("/v1/autonomy/E-1/changes", json=CHANGE)) == (409, "autonomy-unchanged")
    assert len(await service.told("monitoring.autonomy.appealed.v1")) == 1


async def test_nobody_decides_about_themselves_or_their_manager_and_others_see_nothing(
    service: MonitoringService,
) -> None:
    for number in (1, 4):
        coach = service.as_person(number, "monitoring:write")
        assert refused(await coach.post("/v1/autonomy/E-1/changes", json=CHANGE)) == (403, "own-autonomy")
    assert refused(await service.as_person(2).get("/v1/autonomy/E-1")) == (404, "not-found")
    assert refused(await service.as_person(2).get("/v1/autonomy")) == (403, "forbidden")
    assert (await service.as_person(1).get("/v1/autonomy/E-1")).json()["otherwise"] == "draft_only"


async def test_in_works_council_mode_a_person_alone_sees_what_was_reviewed_and_an_appeal_still_finds_somebody(
    service: MonitoringService,
) -> None:
    await decide(service, 2)
    for number in range(3):
        sent = await reply(service, f"t-{number}")
        wrong = {"reply": sent["id"], "outcome": "wrong", "employee_number": "E-3"}
        await service.post("/v1/reply-reviews", wrong)
    await service.db.write(switch, "*", True)
    assert (await service.get("/v1/autonomy"))["items"] == []
    own = (await service.as_person(1).get("/v1/autonomy/E-1")).json()["networks"][0]
    assert (own["reviewed"]["poor"], own["proposal"]["level"]) == (3, "draft_only")

    await service.as_person(1).post("/v1/autonomy/E-1/appeal", json={"network": "email", "reason": "Why me?"})
    (waiting,) = (await service.get("/v1/autonomy"))["items"]
    assert (waiting["employee_number"], waiting["reviewed"], waiting["proposal"]) == ("E-1", None, None)
    answered = await decide(service, 3, level="trusted")
    assert (answered["level"], answered["reviewed"], answered["change"]["grounds"]) == ("trusted", None, [])


@settings(max_examples=50)
@given(st.sampled_from(LEVELS), OUTCOMES, st.integers(0, 4))
def test_the_rule_goes_one_step_at_a_time_and_up_only_after_enough_that_was_good(
    level: Level, outcomes: list[str], upheld: int
) -> None:
    reviewed = Reviewed(tuple(outcomes), upheld)
    proposal = propose(level, reviewed)
    if proposal is None:
        return
    step = LEVELS.index(proposal.level) - LEVELS.index(level)
    assert abs(step) == 1
    assert proposal.reasons
    if step > 0:
        assert len(outcomes) >= LAST
        assert upheld == 0
        assert not POOR & set(outcomes[-LAST:])
    else:
        assert upheld >= 2 or sum(one in POOR for one in outcomes[-LAST:]) >= 3
