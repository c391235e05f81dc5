"""Questions to the task team: with whom they are, what becomes of them, and what everybody may read of them."""

from datetime import timedelta
from typing import Any

from services.policy.handlers import free_seats
from shared.events.training import PersonLeftV1
from tests.policy.conftest import POLICY, PolicyService
from tests.policy.team import TEAM, ok, refused, seat

QUESTIONS = f"{TEAM}/questions"


async def ask(service: PolicyService, asker: str = "E-4", **more: Any) -> Any:
    return ok(await service.as_person(asker).post(QUESTIONS, json={"text": "May I?", **more}))


async def test_a_question_goes_to_who_knows_most_of_it_reads_it_and_has_room(service: PolicyService) -> None:
    await service.publish()
    await seat(service, "any", "E-1")
    await seat(service, "policy", "E-2", topics=["social-media"])
    await seat(service, "german", "E-3", language="de", topics=["social-media/be-kind", "logos"])

    async def to(**more: Any) -> str:
        return str((await ask(service, **more))["assignee"])

    assert await to(policy="social-media", section="be-kind") == "E-3"
    assert await to(topic="logos") == "E-3"
    assert await to(policy="social-media") == "E-2"
    # Who reads the language comes before who knows the topic.
    assert await to(language="de-AT", policy="social-media") == "E-3"
    assert await to() == "E-1", "who has least to do"
    # Nobody is asked their own question.
    assert (await ask(service, "E-3", topic="logos"))["assignee"] == "E-1"
    for _ in range(2):
        assert await to(topic="logos") == "E-3"
    assert await to(topic="logos") != "E-3", "with five open questions, others come first"


async def test_a_question_is_answered_rated_and_becomes_an_entry_of_its_section(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish()
    await seat(service, "care", "E-1")
    asked = await ask(service, policy="social-media", section="be-kind", text="Is irony kind?")
    path = f"{QUESTIONS}/{asked['id']}"
    refused(await service.as_person("E-2").get(path), 404, "not-found")
    refused(await service.as_person("E-4").post(f"{path}/answer", json={"answer": "Yes"}), 403, "not-with-you")
    refused(await service.as_person("E-1").post(f"{path}/faq", json={}), 409, "not-answered")
    ok(await service.as_person("E-1").post(f"{path}/answer", json={"answer": "Only to yourself."}))
    refused(await service.as_person("E-1").post(f"{path}/answer", json={"answer": "No."}), 409, "already-answered")
    refused(await service.as_person("E-1").post(f"{path}/rating", json={"rating": 5}), 404, "not-found")
    assert ok(await service.as_person("E-4").post(f"{path}/rating", json={"rating": 4}))["rating"] == 4

    ok(await service.as_person("E-1").post(f"{path}/faq", json={}))
    refused(await service.as_person("E-1").post(f"{path}/faq", json={}), 409, "in-faq-already")
    listed = ok(await service.as_person("E-2").get("/v1/policies/social-media/faq?section=be-kind"))
    (entry,) = listed["items"]
    assert (entry["question"], entry["answer"]) == ("Is irony kind?", "Only to yourself.")
    assert "E-4" not in str(entry)
    kinds = ["asked", "answered", "rated"]
    told = [(await service.told(f"policy.question.{kind}.v1"))[0] for kind in kinds]
    assert [each["state"] for each in told] == ["open", "answered", "answered"]
    assert all("irony" not in str(each) for each in told)


async def test_an_entry_is_outdated_once_its_section_changes(service: PolicyService) -> None:
    await service.publish()
    body = {"section": "be-kind", "question": "Why?", "answer": "Because."}
    entry = ok(await service.client.post("/v1/policies/social-media/faq", json=body))
    nowhere = await service.client.post("/v1/policies/social-media/faq", json=body | {"section": "gone"})
    refused(nowhere, 422, "no-such-section")
    await service.publish(POLICY.replace("insult", "shout"))
    listed = ok(await service.client.get("/v1/policies/social-media/faq"))
    assert [each["outdated"] for each in listed["items"]] == [True]
    path = f"/v1/policies/social-media/faq/{entry['id']}"
    shown = await service.as_person("E-2").get(path)
    assert ok(shown) == listed["items"][0]
    changed = ok(await service.client.patch(path, json={"answer": "Still."}, headers={"If-Match": '"1"'}))
    assert (changed["answer"], changed["outdated"]) == ("Still.", False)
    refused(await service.client.patch(path, json={"answer": "x"}, headers={"If-Match": '"1"'}), 412, "stale")
    assert (await service.client.delete(path)).status_code == 204
    assert ok(await service.client.get("/v1/policies/social-media/faq"))["items"] == []
    refused(await service.client.get(path), 404, "not-found")


async def test_a_section_in_force_names_the_questions_that_were_asked_about_it(service_on_both: PolicyService) -> None:
    service = service_on_both
    await service.publish()
    policy = "/v1/policies/social-media"

    async def named(**query: str) -> dict[str, list[tuple[str, bool]]]:
        sections = ok(await service.as_person("E-2").get(policy, params=query))["sections"]
        return {
            each["id"]: [(link["question"], link["outdated"]) for link in each["faq"]]
            for each in sections
            if each["faq"]
        }

    before = service.clock.now().isoformat()
    tag = (await service.client.get(policy)).headers["ETag"]
    await service.advance(timedelta(minutes=1))
    body = {"section": "be-kind", "question": "Why?", "answer": "Because."}
    entry = ok(await service.client.post(f"{policy}/faq", json=body))
    assert await named() == {"be-kind": [("Why?", False)]}
    assert await named(locale="de") == {"be-kind": [("Why?", False)]}
    assert await named(at=before) == {}
    fresh = await service.client.get(policy, headers={"If-None-Match": tag})
    (link,) = next(each["faq"] for each in ok(fresh)["sections"] if each["faq"])
    assert ok(await service.as_person("E-2").get(link["url"]))["answer"] == "Because."

    await service.publish(POLICY.replace("insult", "shout"))
    assert await named() == {"be-kind": [("Why?", True)]}
    ok(await service.client.delete(f"{policy}/faq/{entry['id']}"))
    assert await named() == {}


async def test_a_question_without_an_answer_goes_to_the_next_then_to_a_lead_then_to_all_leads(
    service_on_both: PolicyService,
) -> None:
    service = service_on_both
    await seat(service, "a", "E-1", topics=["logos"])
    await seat(service, "b", "E-2")
    await seat(service, "lead", "E-3", role="lead")
    ok(await service.client.patch(TEAM, json={"answer_hours": 24}))
    path = f"{QUESTIONS}/{(await ask(service, topic='logos'))['id']}"

    async def after_a_day() -> tuple[str, str | None]:
        await service.advance(timedelta(hours=24))
        question = ok(await service.client.get(path))
        return question["state"], question["assignee"]

    assert ok(await service.client.get(path))["assignee"] == "E-1"
    assert await after_a_day() == ("open", "E-2")
    assert await after_a_day() == ("open", "E-3")
    assert await after_a_day() == ("escalated", None)
    assert await after_a_day() == ("escalated", None)
    assert len(await service.told("policy.question.escalated.v1")) == 3
    refused(await service.as_person("E-1").get(path), 404, "not-found")
    assert ok(await service.as_person("E-3").post(f"{path}/answer", json={"answer": "Yes."}))["answered_by"] == "E-3"


async def test_a_question_does_not_stay_with_who_has_left_and_waits_for_who_comes(service: PolicyService) -> None:
    await seat(service, "care", "E-1")
    path = f"{QUESTIONS}/{(await ask(service))['id']}"
    left = PersonLeftV1(id=service.people["E-1"], left_at=service.clock.now())
    await service.app.state.db.write(lambda session: free_seats(left, session))
    await service.advance(timedelta())
    assert ok(await service.client.get(path))["assignee"] is None
    await service.advance(timedelta())
    await seat(service, "shop", "E-2")
    await service.advance(timedelta())
    assert ok(await service.client.get(path))["assignee"] == "E-2"
    told = await service.told("policy.question.reassigned.v1")
    assert [each["assignee"] for each in told] == [None, service.people["E-2"]]


async def test_a_question_goes_along_when_its_seat_is_handed_over(service: PolicyService) -> None:
    path = await seat(service, "care", "E-1")
    question = f"{QUESTIONS}/{(await ask(service))['id']}"
    handover = {"employee_number": "E-2", "notes": "One question is open."}
    ok(await service.as_person("E-1").post(f"{path}/handover", json=handover))
    assert ok(await service.as_person("E-2").get(question))["assignee"] == "E-2"
    refused(await service.as_person("E-1").get(question), 404, "not-found")


async def test_a_member_hands_a_question_to_another_member_only(service: PolicyService) -> None:
    await seat(service, "care", "E-1")
    await seat(service, "shop", "E-2")
    asked = await ask(service, "E-3")
    path = f"{QUESTIONS}/{asked['id']}"
    other = "E-2" if asked["assignee"] == "E-1" else "E-1"
    member = service.as_person(asked["assignee"])
    refused(await member.post(f"{path}/reassignment", json={"employee_number": "E-4"}), 409, "not-a-member")
    assert ok(await member.post(f"{path}/reassignment", json={"employee_number": other}))["assignee"] == other
    mine = ok(await service.as_person(other).get(QUESTIONS, params={"part": "assignee"}))["items"]
    assert [each["id"] for each in mine] == [asked["id"]]
    assert ok(await service.as_person("E-4").get(QUESTIONS))["items"] == []
