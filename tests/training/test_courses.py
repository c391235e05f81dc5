"""From a course to its completion: lessons read, a quiz drawn, shuffled and graded on the server."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.evidence import evidence_of
from tests.training.conftest import MODULES, TrainingService


async def enrol(client: httpx.AsyncClient, **body: Any) -> str:
    answer = await client.post("/v1/enrolments", json={"course": "answering", **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def sit(client: httpx.AsyncClient, enrolment: str, *, right: int) -> Any:
    """Sit the quiz with so many right answers of four; returns the sitting as it was drawn."""
    drawn = await client.post(f"/v1/enrolments/{enrolment}/attempts", json={})
    assert drawn.status_code == 201, drawn.text
    for place, item in enumerate(drawn.json()["items"]):
        wanted = "right" if place < right else "wrong"
        option = next(one["id"] for one in item["options"] if one["text"].startswith(wanted))
        path = f"/v1/attempts/{drawn.json()['id']}/answers/{item['id']}"
        assert (await client.put(path, json={"options": [option]})).status_code == 200
    return drawn.json()


async def test_a_course_is_completed_by_its_lesson_and_its_quiz(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    ana = await service.as_person("E-1")
    enrolment = await enrol(ana)

    sitting = await sit(ana, enrolment, right=3)
    result = (await ana.post(f"/v1/attempts/{sitting['id']}/submission")).json()
    assert (result["score"], result["passed"]) == (0.75, True)
    assert [item["correct"] for item in result["items"]] == [True, True, True, False]
    assert result["items"][0]["feedback"].startswith("Well done")
    assert (await ana.get(f"/v1/enrolments/{enrolment}")).json()["completed_at"] is None

    done = await ana.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion")
    assert done.json()["completed_at"] is not None
    assert [module["done"] for module in done.json()["modules"]] == [True, True]
    (told,) = await service.told("training.course.completed.v1")
    assert (told["person"], told["course"], told["version"]) == (person, "answering", 1)


async def test_a_course_a_sitting_and_what_follows_from_them_are_in_evidence_by_their_content(
    service: TrainingService,
) -> None:
    person = await service.add_person("E-1")
    await service.hear_of_acknowledgement(person)
    ana = await service.as_person("E-1")
    enrolment = await enrol(ana)
    failed = await sit(ana, enrolment, right=0)
    await ana.post(f"/v1/attempts/{failed['id']}/submission")
    passed = await sit(ana, enrolment, right=4)
    await ana.post(f"/v1/attempts/{passed['id']}/submission")
    await ana.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion")

    graded = await evidence_of(service.db, "attempt.graded")
    assert [(subject, who) for subject, _, who in graded] == [
        (f"attempt/{sitting['id']}", person) for sitting in (failed, passed)
    ]
    assert len({content for _, content, _ in graded}) == 2
    (enrolled,) = await evidence_of(service.db, "enrolment.created")
    assert enrolled == (f"enrolment/{enrolment}", None, person)
    (issued,) = await evidence_of(service.db, "certificate.issued")
    (course,) = await evidence_of(service.db, "course.version_added")
    (tier,) = await evidence_of(service.db, "certification.created")
    assert None not in {content for _, content, _ in (issued, course, tier)}
    assert issued[2] == person


async def test_a_sitting_gives_no_answer_away_and_is_drawn_anew_each_time(service: TrainingService) -> None:
    await service.add_person("E-1")
    drawn = []
    for _ in range(6):
        enrolment = (await service.client.get("/v1/enrolments", params={"employee_number": "E-1"})).json()["items"]
        ident = enrolment[0]["id"] if enrolment else await enrol(service.client, employee_number="E-1")
        sitting = await sit(service.client, ident, right=0)
        for secret in ("correct", "feedback", "index", "Well done"):
            assert secret not in json.dumps(sitting)
        await service.post(f"/v1/attempts/{sitting['id']}/submission")
        drawn.append([(item["text"], [option["text"] for option in item["options"]]) for item in sitting["items"]])

    assert len({str(sorted(text for text, _ in one)) for one in drawn}) > 1, "questions are drawn at random"
    assert len({options[0].split()[0] for one in drawn for _, options in one}) > 1, "options are shuffled"
    seen = await service.get("/v1/courses/answering")
    assert "questions" not in json.dumps(seen)


async def test_only_one_sitting_is_open_at_a_time_even_when_two_are_asked_for_at_once(service: TrainingService) -> None:
    await service.add_person("E-1")
    enrolment = await enrol(service.client, employee_number="E-1")

    path = f"/v1/enrolments/{enrolment}/attempts"
    answers = await asyncio.gather(*(service.client.post(path, json={}) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    (made,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    modules = (await service.get(f"/v1/enrolments/{enrolment}"))["modules"]
    assert [module["open_attempt"] for module in modules] == [None, made]


async def test_a_sitting_is_handed_in_once_and_answers_the_same_ever_after(service: TrainingService) -> None:
    await service.add_person("E-1")
    enrolment = await enrol(service.client, employee_number="E-1")
    sitting = await sit(service.client, enrolment, right=4)
    submission = f"/v1/attempts/{sitting['id']}/submission"

    results = await asyncio.gather(*(service.post(submission) for _ in range(3)))
    item = sitting["items"][0]
    late = await service.client.put(f"/v1/attempts/{sitting['id']}/answers/{item['id']}", json={"options": []})

    assert all(result == results[0] for result in results)
    assert results[0]["passed"]
    assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "attempt-closed")
    again = await service.client.post(f"/v1/enrolments/{enrolment}/attempts", json={})
    assert (again.status_code, again.json()["type"].rsplit("/", 1)[1]) == (409, "no-quiz-left")


async def test_a_failed_quiz_may_be_sat_again(service: TrainingService) -> None:
    await service.add_person("E-1")
    enrolment = await enrol(service.client, employee_number="E-1")
    await service.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion")

    for right, passed in ((2, False), (4, True)):
        sitting = await sit(service.client, enrolment, right=right)
        assert (await service.post(f"/v1/attempts/{sitting['id']}/submission"))["passed"] is passed

    assert (await service.get(f"/v1/enrolments/{enrolment}"))["completed_at"] is not None


async def test_someone_elses_sitting_does_not_exist(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2")
    ben = await service.as_person("E-2")
    enrolment = await enrol(service.client, employee_number="E-1")
    sitting = await sit(service.client, enrolment, right=0)

    attempt, item = sitting["id"], sitting["items"][0]["id"]
    answers = [
        await ben.get(f"/v1/enrolments/{enrolment}"),
        await ben.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion"),
        await ben.post(f"/v1/enrolments/{enrolment}/attempts", json={}),
        await ben.get(f"/v1/attempts/{attempt}"),
        await ben.put(f"/v1/attempts/{attempt}/answers/{item}", json={"options": []}),
        await ben.post(f"/v1/attempts/{attempt}/submission"),
        await ben.post("/v1/enrolments", json={"course": "answering", "employee_number": "E-1"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 7


async def test_a_lead_sits_no_quiz_in_anothers_place_and_credits_themself_with_nothing(
    service: TrainingService,
) -> None:
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    lead = await service.as_person("E-1", "training:read", "training:write")
    enrolment = await enrol(lead, employee_number="E-2")
    lesson = await lead.post(f"/v1/enrolments/{enrolment}/lessons/listen/completion")
    sitting = await sit(await service.as_person("E-2"), enrolment, right=4)
    handed_in = await lead.post(f"/v1/attempts/{sitting['id']}/submission")
    assert (lesson.status_code, handed_in.status_code) == (403, 403)

    completion = {"course": "answering", "completed_at": service.clock.now().isoformat(), "source": "lms"}
    for number, status in (("E-1", 403), ("E-2", 201)):
        answer = await lead.post("/v1/completions", json={"employee_number": number, **completion})
        assert answer.status_code == status, number


async def test_an_answer_must_be_among_the_options_and_single_where_the_question_is(service: TrainingService) -> None:
    await service.add_person("E-1")
    sitting = await sit(service.client, await enrol(service.client, employee_number="E-1"), right=0)
    first, second = sitting["items"][:2]
    path = f"/v1/attempts/{sitting['id']}/answers/{first['id']}"

    for options in ([second["options"][0]["id"]], [one["id"] for one in first["options"][:2]]):
        answer = await service.client.put(path, json={"options": options})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/options")


async def test_who_is_on_a_course_stays_on_their_version(service: TrainingService) -> None:
    await service.add_person("E-1")
    enrolment = await enrol(service.client, employee_number="E-1")
    await service.post("/v1/courses/answering/versions", {"modules": MODULES[:1]})

    assert len((await service.get(f"/v1/enrolments/{enrolment}"))["modules"]) == 2
    assert len((await service.get("/v1/courses/answering"))["modules"]) == 1
    twice = await service.client.post("/v1/enrolments", json={"course": "answering", "employee_number": "E-1"})
    assert twice.status_code == 409


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"options": [{"text": "a"}, {"text": "b"}]}, "at least one option must be correct"),
        ({"options": [{"text": "a", "correct": True}, {"text": "b", "correct": True}]}, "exactly one correct option"),
        ({"kind": "true_false"}, "two options"),
    ],
)
async def test_a_question_nobody_could_answer_is_refused(
    service: TrainingService, change: dict[str, Any], words: str
) -> None:
    quiz = json.loads(json.dumps(MODULES[1]))
    quiz["questions"][0].update(change)

    answer = await service.client.post("/v1/courses/answering/versions", json={"modules": [quiz]})

    assert answer.status_code == 422
    assert words in answer.text


async def test_an_external_course_counts_once_it_is_mapped_also_afterwards(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    await service.hear_of_acknowledgement(person)
    body = {
        "employee_number": "E-1",
        "external_course": "LMS-7",
        "completed_at": service.clock.now().isoformat(),
        "source": "lms",
    }
    assert (await service.post("/v1/completions", body))["course"] is None
    await service.define("listener", courses=["answering"])

    await service.post("/v1/courses", {"key": "listening", "title": "Listening", "external_courses": ["LMS-7"]})
    await service.define("hearer", courses=["listening"])
    await service.advance()

    assert (await service.status("E-1", "hearer"))["certified"]
    assert not (await service.status("E-1", "listener"))["certified"]
    assert [told["course"] for told in await service.told("training.course.completed.v1")] == ["listening"]


async def test_the_same_completion_counts_once_and_one_to_come_is_refused(service: TrainingService) -> None:
    await service.add_person("E-1")
    body = {
        "employee_number": "E-1",
        "course": "answering",
        "completed_at": "2026-01-02T03:04:05+01:00",
        "source": "lms",
    }

    first, second = [await service.post("/v1/completions", body) for _ in range(2)]
    later = await service.client.post("/v1/completions", json={**body, "completed_at": "2199-01-01T00:00:00Z"})
    both = await service.client.post("/v1/completions", json={**body, "external_course": "x"})

    assert first == second
    assert first["completed_at"] == "2026-01-02T02:04:05Z"
    assert len(await service.told("training.course.completed.v1")) == 1
    assert (later.status_code, both.status_code) == (422, 422)
