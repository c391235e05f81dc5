"""Saved answers are checked like any reply: when they are saved, when they are read, and when they are sent."""

from typing import Any

from tests.monitoring.organisation import hire, words_rule
from tests.monitoring.serving import MonitoringService, refused

ANSWER = {"title": "Late parcel", "language": "en", "topic": "delivery", "text": "Your parcel is late, sorry."}


async def save(service: MonitoringService, **changes: Any) -> dict[str, Any]:
    return await service.post("/v1/saved-answers", {**ANSWER, **changes})


async def test_an_answer_is_found_by_what_it_fits_and_those_without_a_topic_fit_all(
    service: MonitoringService,
) -> None:
    wanted = [(await save(service))["id"], (await save(service, topic=None, network="email"))["id"]]
    await save(service, language="de", text="Das Paket ist spät.")
    await save(service, topic="billing")
    found = await service.as_person(1).get("/v1/saved-answers", params={"language": "en", "topic": "delivery"})
    assert [one["id"] for one in found.json()["items"]] == wanted
    elsewhere = await service.get("/v1/saved-answers", language="en", topic="delivery", network="bluesky")
    assert [one["id"] for one in elsewhere["items"]] == wanted[:1]


async def test_rules_refuse_an_answer_and_show_on_those_saved_before_they_came_into_force(
    service: MonitoringService,
) -> None:
    saved = await save(service)
    path = f"/v1/saved-answers/{saved['id']}"
    before = await service.client.get(path)
    assert before.json()["verdict"] == "clear"
    await service.bring_into_force([words_rule("no-late", "promises", "late", severity="block")])
    after = await service.client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json()["verdict"]) == (200, "block")

    assert refused(await service.client.post("/v1/saved-answers", json=ANSWER)) == (409, "wording-refused")
    changed = await service.client.put(path, json={**ANSWER, "text": "Soon!"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["verdict"]) == (200, "clear")
    refusal = await service.client.put(path, json=ANSWER)
    assert refused(refusal) == (409, "wording-refused")
    assert refusal.json()["reasons"][0]["span"] == {"start": 15, "end": 19}


async def test_a_reply_may_be_a_saved_answer_as_it_stands_and_is_checked_at_that_moment(
    service: MonitoringService,
) -> None:
    await hire(service.db, 1)
    saved = await save(service)
    reply = f"/v1/conversations/{(await service.push())['id']}/reply"
    await service.bring_into_force([words_rule("no-late", "promises", "late", severity="block")])
    body = {"saved_answer": saved["id"]}
    assert refused(await service.client.post(reply, json=body)) == (409, "reply-blocked")
    own = await service.post(reply, {**body, "text": "Your parcel comes tomorrow."})
    assert (own["text"], own["saved_answer"]) == ("Your parcel comes tomorrow.", saved["id"])
    await service.bring_into_force([], 2)
    assert (await service.post(reply, body))["text"] == ANSWER["text"]
    assert refused(await service.client.post(reply, json={})) == (422, "invalid")


async def test_an_answer_is_changed_and_removed_on_the_revision_that_was_read(service: MonitoringService) -> None:
    saved = await save(service)
    path = f"/v1/saved-answers/{saved['id']}"
    tag = (await service.client.get(path)).headers["ETag"]
    assert (await service.client.put(path, json=ANSWER, headers={"If-Match": tag})).is_success
    stale = {"If-Match": tag}
    assert refused(await service.client.put(path, json=ANSWER, headers=stale)) == (412, "stale")
    assert refused(await service.client.delete(path, headers=stale)) == (412, "stale")
    assert (await service.client.delete(path)).status_code == 204
    assert refused(await service.client.get(path)) == (404, "not-found")
    assert refused(await service.as_person(1).post("/v1/saved-answers", json=ANSWER)) == (403, "forbidden")
