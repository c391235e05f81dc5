"""What changed under a certificate is asked of its holder, and of nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from tests.training.conftest import TrainingService
from tests.training.policies import put_in_force

DAY = timedelta(days=1)
BEFORE = {"listen": "Read all of it.", "answer": "Within 24 hours."}
AFTER = {**BEFORE, "answer": "Within 4 hours."}


@pytest.fixture
async def holder(service: TrainingService) -> TrainingService:
    """E-1 holds `voice`, which asks for a course and for the policy `conduct` as it was."""
    await service.define("voice", courses=["answering"], policies=["conduct"])
    await service.db.write(put_in_force, 1, BEFORE)
    person = await service.add_person("E-1")
    await service.hear_of_acknowledgement(person, policy="conduct")
    await service.complete("E-1")
    await service.advance()
    return service


async def change(service: TrainingService, version: int = 2, texts: dict[str, str] | None = None, **how: Any) -> None:
    """Bring a version into force and let the service look whom it concerns."""

    def write(session: Any) -> None:
        put_in_force(session, version, texts or AFTER, **how)

    await service.db.write(write)
    await service.advance()


async def deltas(service: TrainingService, number: str = "E-1", **query: str) -> list[Any]:
    """Return what a person has to learn anew."""
    return list((await service.get(f"/v1/people/{number}/deltas", **query))["items"])


async def planned(service: TrainingService, number: str = "E-1") -> list[tuple[str, bool, str, str]]:
    """Return what stands in a person's plan beside renewals: what it is, whether it is late, and what to do next."""
    items = (await service.get(f"/v1/people/{number}/plan"))["items"]
    found = [item for item in items if item["kind"] != "renewal"]
    assert {item["kind"] for item in found} <= {"delta"}
    return [(item["key"], item["overdue"], item["next"]["method"], item["next"]["url"]) for item in found]


async def learn(service: TrainingService, delta: Any, **body: Any) -> Any:
    """Do a delta."""
    return await service.post(f"/v1/deltas/{delta['id']}/completion", {"hash": delta["new"]["hash"], **body})


async def certificate(service: TrainingService, number: str = "E-1") -> Any:
    """Return the certificate of the tier `voice`."""
    (found,) = (await service.get("/v1/certificates", employee_number=number, certification="voice"))["items"]
    return found


async def test_a_changed_section_is_asked_with_what_it_said_and_says(holder: TrainingService) -> None:
    await change(holder)

    (delta,) = await deltas(holder)
    shown = await holder.get(f"/v1/deltas/{delta['id']}")

    assert (delta["section"], delta["state"], delta["certification"]) == ("answer", "due", "voice")
    assert (delta["old"], delta["new"]) == (
        {"version": 1, "hash": "hash-of-Within 24 hours."},
        {"version": 2, "hash": "hash-of-Within 4 hours."},
    )
    assert delta["diff"] == "/v1/policies/conduct/versions/2/diff?against=1"
    assert ("24 hours" in shown["old_html"], "4 hours" in shown["html"]) == (True, True)


async def test_what_was_learnt_is_covered_and_the_certificate_keeps_its_dates(holder: TrainingService) -> None:
    before = await certificate(holder)
    await change(holder)
    (delta,) = await deltas(holder)
    assert (await certificate(holder))["expires_at"] == delta["ends_at"] != before["expires_at"]

    assert (await learn(holder, delta))["passed"]

    after = await certificate(holder)
    assert [after[date] for date in ("expiring_from", "expires_at", "grace_until")] == [
        before[date] for date in ("expiring_from", "expires_at", "grace_until")
    ]
    assert {one["section"]: (one["version"], one["hash"]) for one in after["sections"]} == {
        "listen": (1, "hash-of-Read all of it."),
        "answer": (2, "hash-of-Within 4 hours."),
    }
    await holder.advance(50 * DAY)
    assert (await certificate(holder))["status"] == "valid"
    assert [one["done"] for one in await deltas(holder)] == [True]


async def test_missed_it_expires_at_the_deadline_and_ends_after_its_grace_though_nothing_runs(
    holder: TrainingService,
) -> None:
    await holder.client.patch("/v1/certifications/voice", json={"delta_days": 10, "delta_grace_days": 5})
    await holder.advance(DAY)
    before = holder.clock.now()
    await change(holder)
    (delta,) = await deltas(holder)
    asked = {days: (before + timedelta(days=days, hours=1)).isoformat() for days in (-0.1, 9, 10, 14, 15)}

    holder.clock.advance(16 * DAY)  # no timer runs meanwhile
    found = {days: (await holder.status("E-1", "voice", as_of=at))["status"] for days, at in asked.items()}
    await holder.advance()
    again = {days: (await holder.status("E-1", "voice", as_of=at))["status"] for days, at in asked.items()}

    assert found == again == {-0.1: "valid", 9: "valid", 10: "expiring", 14: "expiring", 15: "expired"}
    of_tier = [item for item in await holder.changes("E-1") if item["certificate"]["certification"] == "voice"]
    assert [item["change"] for item in of_tier] == ["issued", "expiring", "expired"]
    assert [item["effective_at"] for item in of_tier[1:]] == [delta["due_at"], delta["ends_at"]]
    assert [one["due_at"] for one in await holder.told("training.delta.missed.v1")] == [delta["due_at"]]
    assert [one["state"] for one in await deltas(holder)] == ["missed"]
    refused = await holder.client.post(f"/v1/deltas/{delta['id']}/completion", json={"hash": delta["new"]["hash"]})
    assert refused.json()["type"].endswith("/delta-over"), refused.text


async def test_learnt_late_the_certificate_is_valid_again_in_the_feed_and_its_past_stays(
    holder: TrainingService,
) -> None:
    before = await certificate(holder)
    await change(holder)
    await holder.advance(35 * DAY)
    (delta,) = await deltas(holder)
    assert ((await certificate(holder))["status"], delta["state"]) == ("expiring", "missed")
    late = holder.clock.now() - timedelta(days=1)

    await learn(holder, delta)
    await holder.advance()

    after = await certificate(holder)
    assert (after["status"], after["expires_at"]) == ("valid", before["expires_at"])
    assert (await holder.status("E-1", "voice", as_of=late.isoformat()))["status"] == "expiring"
    of_tier = [item for item in await holder.changes("E-1") if item["certificate"]["certification"] == "voice"]
    assert [item["change"] for item in of_tier] == ["issued", "expiring", "reinstated"]


async def test_editing_that_is_not_material_asks_nobody_and_two_changes_are_one_delta(holder: TrainingService) -> None:
    await change(holder, 2, {**BEFORE, "answer": "Within 24 hours!"}, material=False)
    assert await deltas(holder) == []
    await change(holder, 3, {**BEFORE, "answer": "Within 24 hours!", "praise": "Say thank you."})
    await holder.advance(5 * DAY)
    await change(holder, 4, {**BEFORE, "answer": "Within 24 hours!", "praise": "Say thank you, twice."})

    (delta,) = await deltas(holder)

    assert (delta["section"], delta["old"], delta["new"]["version"]) == ("praise", None, 4)
    assert len(await holder.told("training.delta.due.v1")) == 2
    stale = await holder.client.post(f"/v1/deltas/{delta['id']}/completion", json={"hash": "hash-of-Say thank you."})
    assert stale.json()["type"].endswith("/text-changed")
    await change(holder, 5, {**BEFORE, "answer": "Within 24 hours!"})
    assert [one["state"] for one in await deltas(holder, state="withdrawn")] == ["withdrawn"]
    assert await deltas(holder) == []


async def test_whoever_accepted_the_new_version_is_not_asked(holder: TrainingService) -> None:
    await change(holder)
    person = (await holder.get("/v1/people/E-1"))["id"]

    await holder.hear_of_acknowledgement(person, 2, policy="conduct")
    await holder.advance()

    assert [(one["state"], one["how"]) for one in await deltas(holder)] == [("done", "accepted")]
    assert {one["section"]: one["version"] for one in (await certificate(holder))["sections"]} == {
        "listen": 1,
        "answer": 2,
    }


async def test_only_those_are_asked_whose_certificate_counts(holder: TrainingService) -> None:
    for number in ("E-2", "E-3", "E-4"):
        person = await holder.add_person(number)
        if number != "E-4":
            await holder.hear_of_acknowledgement(person, policy="conduct")
        await holder.complete(number)
    await holder.advance()
    revoked = await certificate(holder, "E-2")
    await holder.post(f"/v1/certificates/{revoked['id']}/revocation", {"reason": "Left the team."})
    await holder.client.patch("/v1/people/E-3", json={"active": False})

    await change(holder)
    assert [len(await deltas(holder, number)) for number in ("E-1", "E-2", "E-3", "E-4")] == [1, 0, 0, 0]

    await holder.client.patch("/v1/people/E-3", json={"active": True})
    await holder.client.patch("/v1/people/E-1", json={"active": False})
    await holder.advance()
    assert [one["state"] for one in await deltas(holder, "E-3")] == ["due"]
    assert [one["state"] for one in await deltas(holder, "E-1", state="withdrawn")] == ["withdrawn"]


async def test_questions_about_the_section_are_answered_and_nothing_else_will_do(holder: TrainingService) -> None:
    question = {
        "key": "how-fast",
        "kind": "single",
        "text": "How fast do we answer?",
        "tags": ["answer"],
        "options": [{"text": "Within 4 hours", "correct": True}, {"text": "Within 24 hours", "feedback": "Not now."}],
    }
    await holder.post("/v1/courses/answering/questions", question)
    await change(holder)
    (delta,) = await deltas(holder)
    person = await holder.as_person("E-1")

    async def answer(text: str) -> Any:
        (item,) = (await holder.get(f"/v1/deltas/{delta['id']}"))["items"]
        option = next(one["id"] for one in item["options"] if one["text"] == text)
        body = {"hash": delta["new"]["hash"], "answers": {item["id"]: {"options": [option]}}}
        done = await person.post(f"/v1/deltas/{delta['id']}/completion", json=body)
        assert done.status_code == 200, done.text
        return done.json()

    await holder.hear_of_acknowledgement((await holder.get("/v1/people/E-1"))["id"], 2, policy="conduct")
    await holder.advance()
    wrong = await answer("Within 24 hours")
    assert (wrong["passed"], wrong["results"][0]["feedback"], wrong["delta"]["tries"]) == (False, "Not now.", 1)
    right = await answer("Within 4 hours")

    assert (right["passed"], right["delta"]["state"], right["delta"]["how"]) == (True, "done", "answered")


async def test_a_plan_names_what_changed_until_it_is_learnt_or_too_late(holder: TrainingService) -> None:
    assert await planned(holder) == []
    await change(holder)
    (delta,) = await deltas(holder)
    expected = ("conduct/answer", "GET", f"/v1/deltas/{delta['id']}")

    (key, late, *step) = (await planned(holder))[0]
    assert ((key, *step), late) == (expected, False)
    await holder.advance(35 * DAY)
    (key, late, *step) = (await planned(holder))[0]
    assert ((key, *step), late) == (expected, True)

    await learn(holder, delta)
    assert await planned(holder) == []


async def test_of_a_new_version_of_a_course_only_what_changed_is_learnt(holder: TrainingService) -> None:
    await holder.client.patch("/v1/certifications/voice", json={"on_new_version": {"answering": "delta"}})
    version = (await holder.get("/v1/courses/answering/versions/1"))["modules"]
    lesson, quiz = version
    more = {"kind": "lesson", "key": "thank", "title": "Thank", "markdown": "Say thank you."}
    await holder.post("/v1/courses/answering/versions", {"modules": [lesson, quiz, more]})
    await holder.advance()
    (delta,) = await deltas(holder)
    assert (delta["course"], delta["modules"], delta["old"]["version"]) == ("answering", ["thank"], 1)
    assert await planned(holder) == [("answering", False, "POST", f"/v1/deltas/{delta['id']}/enrolment")]

    enrolment = await holder.post(f"/v1/deltas/{delta['id']}/enrolment")
    assert [module["done"] for module in enrolment["modules"]] == [True, True, False]
    assert await planned(holder) == [("answering", False, "GET", f"/v1/enrolments/{enrolment['id']}")]
    await holder.post(f"/v1/enrolments/{enrolment['id']}/lessons/thank/completion")
    await holder.advance()

    assert [(one["state"], one["how"]) for one in await deltas(holder)] == [("done", "course")]
    assert len((await holder.get("/v1/people/E-1/certificates"))["items"]) == 1, "nothing was renewed by it"


async def test_of_two_sections_one_is_learnt_after_the_other(holder: TrainingService) -> None:
    await change(holder, 2, {**AFTER, "praise": "Say thank you."})
    await change(holder, 3, {**AFTER, "praise": "Say thank you."})
    first, second = await deltas(holder)

    await learn(holder, first)
    await holder.advance()
    assert [one["state"] for one in await deltas(holder)] == ["done", "due"]
    assert (await certificate(holder))["expires_at"] == second["ends_at"]
    await learn(holder, second)
    await holder.advance()

    assert [one["done"] for one in await deltas(holder)] == [True, True]
    assert (await certificate(holder))["expires_at"] > second["ends_at"]
