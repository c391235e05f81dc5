"""Drafts go out when a trusted colleague says so, and never otherwise."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.monitoring.settings import terms
from shared.evidence import digest_of
from tests.evidence import evidence_of
from tests.monitoring.organisation import certify, hire, person_id, words_rule
from tests.monitoring.serving import MonitoringService, refused

TEXT = "We call you back."


@pytest.fixture
async def service(service: MonitoringService, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MonitoringService]:
    """Run a service where only who is certified as senior lets replies out: E-3 is, E-1 and E-2 are not."""
    monkeypatch.setenv("SHARELOAD_MONITORING_TRUSTED_CERTIFICATION", "senior")
    terms.cache_clear()
    await hire(service.db, 1)
    await hire(service.db, 2, 3, online=False)
    await service.db.write(certify, 3, id="senior-3", certification="senior")
    yield service
    terms.cache_clear()


async def drafted(service: MonitoringService, text: str = TEXT) -> dict[str, Any]:
    """Let E-1 write a draft."""
    conversation = await service.push()
    return await service.post(f"/v1/conversations/{conversation['id']}/reply", {"text": text})


async def state(service: MonitoringService, reply: dict[str, Any]) -> str:
    return str((await service.get(f"/v1/conversations/{reply['conversation']}"))["state"])


async def test_a_draft_waits_with_its_conversation_and_goes_out_in_the_words_that_a_trusted_colleague_chose(
    service: MonitoringService,
) -> None:
    reply = await drafted(service)
    assert (reply["status"], await state(service, reply)) == ("drafted", "accepted")
    assert await service.told("monitoring.reply.approved.v1") == []
    mine = await service.as_person(3).get("/v1/replies", params={"status": "drafted"})
    assert [one["id"] for one in mine.json()["items"]] == [reply["id"]]

    better = {"text": "We call you back today."}
    out = await service.as_person(3).post(f"/v1/replies/{reply['id']}/approval", json=better)
    assert (out.json()["status"], await state(service, reply)) == ("approved", "answered")
    (told,) = await service.told("monitoring.reply.approved.v1")
    assert (told["text"], told["person"]) == (better["text"], person_id(1))
    (review,) = (await service.get(f"/v1/replies/{reply['id']}"))["reviews"]
    assert (review["reviewer"], review["outcome"]) == ("E-3", "changed")
    assert await evidence_of(service.db, "reply.review_changed") == [
        (f"reply/{reply['id']}", digest_of(better["text"]), person_id(3))
    ]
    again = await service.as_person(3).post(f"/v1/replies/{reply['id']}/approval", json={})
    assert refused(again) == (409, "reply-not-drafted")


async def test_a_draft_that_is_returned_tells_its_author_why_and_they_may_write_another(
    service: MonitoringService,
) -> None:
    reply = await drafted(service)
    reason = {"reason": "Say when.", "employee_number": "E-3"}
    back = await service.post(f"/v1/replies/{reply['id']}/return", reason)
    assert (back["status"], back["error"], await state(service, reply)) == ("returned", "Say when.", "accepted")
    own = await service.as_person(1).get(f"/v1/replies/{reply['id']}")
    assert own.json()["error"] == "Say when."
    another = await service.post(f"/v1/conversations/{reply['conversation']}/reply", {"text": "Today."})
    assert another["status"] == "drafted"


async def test_nobody_lets_out_their_own_draft_and_only_those_who_are_trusted_know_of_others(
    service: MonitoringService,
) -> None:
    reply = await drafted(service)
    path = f"/v1/replies/{reply['id']}"
    for client, expected in (
        (service.as_person(1), (403, "own-reply")),
        (service.as_person(2), (404, "not-found")),
        (service.as_person(2, "conversations:write"), (403, "not-trusted")),
        (service.client, (403, "not-trusted")),
    ):
        assert refused(await client.post(f"{path}/approval", json={})) == expected
    assert refused(await service.as_person(2).get(path)) == (404, "not-found")
    assert (await service.as_person(2).get("/v1/replies")).json()["items"] == []
    stale = await service.as_person(3).post(f"{path}/approval", json={}, headers={"If-Match": '"9"'})
    assert refused(stale) == (412, "stale")
    assert await service.told("monitoring.reply.approved.v1") == []


async def test_what_changed_since_a_draft_was_written_counts_when_it_is_let_out(service: MonitoringService) -> None:
    reply = await drafted(service)
    approval = f"/v1/replies/{reply['id']}/approval"
    rules = [
        words_rule("no-calls", "promises", "call", severity="block"),
        words_rule("refunds", "money", "refund", severity="hold"),
    ]
    await service.bring_into_force(rules)
    trusted = service.as_person(3)
    assert refused(await trusted.post(approval, json={})) == (409, "reply-blocked")
    assert refused(await trusted.post(approval, json={"text": "A refund."})) == (409, "reply-held")
    pause = await service.post("/v1/pauses", {"scope": "all", "reason": "A storm."})
    assert refused(await trusted.post(approval, json={"text": "Soon."})) == (409, "paused")
    assert (await service.client.delete(f"/v1/pauses/{pause['id']}")).is_success

    await service.post(f"/v1/conversations/{reply['conversation']}/handoff", {"reason": "I am off."})
    assert refused(await trusted.post(approval, json={"text": "Soon."})) == (409, "draft-outdated")
    assert (await service.get("/v1/replies", status="drafted"))["items"] == []


async def test_of_two_drafts_for_one_question_only_one_goes_out_and_what_is_written_later_may_follow(
    service: MonitoringService,
) -> None:
    first = await drafted(service)
    path = f"/v1/conversations/{first['conversation']}/reply"
    second = await service.post(path, {"text": "Or write to us."})
    trusted = service.as_person(3)
    service.clock.advance(timedelta(seconds=1))
    assert (await trusted.post(f"/v1/replies/{first['id']}/approval", json={})).is_success
    late = await trusted.post(f"/v1/replies/{second['id']}/approval", json={})
    assert refused(late) == (409, "draft-outdated")
    assert (await service.get("/v1/replies", status="drafted"))["items"] == []

    service.clock.advance(timedelta(seconds=1))
    more = await service.post(path, {"text": "It is on its way now."})
    assert (await trusted.post(f"/v1/replies/{more['id']}/approval", json={})).json()["status"] == "approved"
    assert len(await service.told("monitoring.reply.approved.v1")) == 2


async def test_somebody_who_is_trusted_may_ask_for_a_second_pair_of_eyes(service: MonitoringService) -> None:
    await service.db.write(certify, 1, id="senior-1", certification="senior")
    conversation = (await service.push())["id"]
    path = f"/v1/conversations/{conversation}/reply"
    assert (await service.post(path, {"text": TEXT, "draft": True}))["status"] == "drafted"
    assert (await service.post(path, {"text": TEXT}))["status"] == "approved"
