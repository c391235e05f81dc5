"""What is around a conversation: what the customer wrote before, what colleagues noted, what it waits for."""

from datetime import timedelta
from typing import Any

from tests.evidence import evidence_of
from tests.monitoring.organisation import hire, person_id
from tests.monitoring.serving import MonitoringService, refused

REOPENED = "monitoring.conversation.reopened.v1"


async def reply(service: MonitoringService, conversation: dict[str, Any], text: str = "Soon.", **more: Any) -> None:
    await service.post(f"/v1/conversations/{conversation['id']}/reply", {"text": text, **more})


async def test_a_customer_who_writes_soon_after_the_resolution_goes_on_with_their_conversation(
    service: MonitoringService,
) -> None:
    await hire(service.db, 1)
    first = await service.push()
    path = f"/v1/conversations/{first['id']}"
    await reply(service, first)
    await service.post(f"{path}/resolution")
    for _ in range(2):
        again = await service.push(text="It came broken.")
    assert (again["id"], again["state"], again["assignee"]) == (first["id"], "assigned", "E-1")
    assert [one["state"] for one in await service.told(REOPENED)] == ["reopened"]

    await service.post(f"{path}/resolution")
    await service.client.put("/v1/availability/E-1", json={"languages": ["en"], "online": False})
    message = {"network_id": "late", "text": "Hello?"}
    waiting = await service.post(f"{path}/messages", message)
    assert (waiting["state"], waiting["missing"]) == ("reopened", "presence")
    await service.client.put("/v1/availability/E-1", json={"languages": ["en"], "online": True})
    assert (await service.get(path))["state"] == "assigned"

    await service.post(f"{path}/resolution")
    assert (await service.post(f"{path}/messages", message))["state"] == "resolved", "it is known"
    service.clock.advance(timedelta(days=3))
    later = await service.client.post(f"{path}/messages", json={"network_id": "later", "text": "Hi!"})
    assert refused(later) == (409, "already-resolved")
    assert (await service.push(text="Something else."))["id"] != first["id"]


async def test_a_tool_that_pushes_the_whole_thread_each_time_brings_only_what_is_new(
    service: MonitoringService,
) -> None:
    def messages(*texts: str) -> list[dict[str, str]]:
        return [{"network_id": f"m-{text}", "text": text} for text in texts]

    first = await service.push(messages=messages("One?"))
    await service.post(f"/v1/conversations/{first['id']}/resolution")
    service.clock.advance(timedelta(days=4))
    second = await service.push(messages=messages("One?", "Two?"))
    assert second["id"] != first["id"]
    read = await service.get(f"/v1/conversations/{second['id']}")
    assert [message["text"] for message in read["messages"]] == ["Two?"]
    assert (await service.push(messages=messages("One?")))["id"] == second["id"], "it is open, and nothing is new"

    await service.post(f"/v1/conversations/{second['id']}/resolution")
    again = await service.push(messages=messages("One?", "Two?"))
    assert (again["id"], again["state"]) == (second["id"], "resolved")
    message = {"network_id": "m-One?", "text": "One?"}
    assert (await service.post(f"/v1/conversations/{second['id']}/messages", message))["state"] == "resolved"
    assert await service.told(REOPENED) == []
    on = await service.push(messages=messages("One?", "Two?", "Three?"))
    assert (on["id"], on["state"]) == (second["id"], "reopened")


async def test_what_nobody_can_take_is_told_as_queued_with_what_is_missing(service: MonitoringService) -> None:
    waiting = await service.push(language="fi")
    assert waiting["state"] == "queued"
    (told,) = await service.told("monitoring.conversation.queued.v1")
    assert (told["id"], told["state"], told["missing"]) == (waiting["id"], "queued", waiting["missing"])
    assert [one["state"] for one in await service.told("monitoring.conversation.opened.v1")] == ["new"]


async def test_a_conversation_waits_for_the_customer_whom_we_asked_and_comes_back_to_who_asked(
    service: MonitoringService,
) -> None:
    await hire(service.db, 1)
    one = await service.push()
    await reply(service, one, "Which size?", awaits_customer=True)
    path = f"/v1/conversations/{one['id']}"
    assert (await service.get(path))["state"] == "waiting"
    again = await service.push(text="Medium.")
    assert (again["id"], again["state"], again["assignee"]) == (one["id"], "accepted", "E-1")


async def test_whoever_has_a_conversation_reads_what_its_customer_wrote_before_and_nobody_elses(
    service: MonitoringService,
) -> None:
    await hire(service.db, 1, capacity=5)
    before = await service.push("t-1")
    await reply(service, before)
    await service.push("t-2", network="bluesky")
    await service.push("t-3", customer="another@x.example")
    one = await service.push("t-4")
    path = f"/v1/conversations/{one['id']}/earlier"
    earlier = (await service.as_person(1).get(path)).json()["items"]
    assert [(found["id"], found["messages"][0]["text"]) for found in earlier] == [(before["id"], "Where is it?")]
    assert earlier[0]["replies"][0]["text"] == "Soon."
    assert refused(await service.as_person(2).get(path)) == (404, "not-found")


async def test_a_note_is_for_colleagues_and_can_name_a_question_to_the_task_team(service: MonitoringService) -> None:
    await hire(service.db, 1)
    one = await service.push()
    path = f"/v1/conversations/{one['id']}"
    tag = (await service.client.get(path)).headers["ETag"]
    question = "01a20830-1ecb-7693-be0c-08971953f767"
    note = {"text": "I asked the team.", "question": question}
    assert (await service.as_person(1).post(f"{path}/notes", json=note)).status_code == 201
    read = await service.client.get(path, headers={"If-None-Match": tag})
    assert [(found["person"], found["question"]) for found in read.json()["notes"]] == [("E-1", question)]
    assert refused(await service.as_person(2).post(f"{path}/notes", json=note)) == (404, "not-found")
    proved = await evidence_of(service.db, "conversation.note")
    assert [(subject, person) for subject, _, person in proved] == [(f"conversation/{one['id']}", person_id(1))]
    everything = [await service.told(f"monitoring.conversation.{kind}.v1") for kind in ("opened", "assigned")]
    assert "I asked" not in str(everything)


async def test_a_new_message_shows_on_a_conversation_that_somebody_has(service: MonitoringService) -> None:
    await hire(service.db, 1)
    one = await service.push()
    stale = {"If-Match": (await service.client.get(f"/v1/conversations/{one['id']}")).headers["ETag"]}
    await service.push(text="Never mind!")
    answer = await service.client.post(
        f"/v1/conversations/{one['id']}/reply", json={"text": "It is coming."}, headers=stale
    )
    assert refused(answer) == (412, "stale"), "nobody answers past what the customer wrote meanwhile"
