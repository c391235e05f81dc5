"""Working through a course: what is locked, open and done, policies read, tasks reviewed, sessions attended."""

from datetime import timedelta
from typing import Any

import httpx
from sqlmodel import select

from services.training.tables import ModuleDone
from shared.context import Principal
from shared.db import Session
from tests.evidence import evidence_of
from tests.training.conftest import ALL, MODULES, TrainingService
from tests.training.courses import LESSON, LIVE, READING, TASK, enrol, hear_of_policy, slug, states, write

QUIZ = MODULES[1]


def lesson(key: str, **more: Any) -> dict[str, Any]:
    return {**LESSON, "key": key, **more}


async def begin_second(service: TrainingService) -> tuple[httpx.AsyncClient, str]:
    """Put a person on a course that waits for another one; return them and their enrolment."""
    await write(service, "first", [LESSON])
    modules = [
        lesson("one"),
        lesson("two", opens={"after_previous_days": 0}, minutes=7),
        lesson("late", opens={"after_days": 3}, due_days=5),
        {**QUIZ, "requires": ["two", "late"]},
    ]
    await write(service, "second", modules, prerequisites=["first"], due_days=10)
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    return ana, await enrol(ana, "second")


async def test_a_module_opens_by_what_is_done_and_by_the_clock_and_says_so_until_then(
    service: TrainingService,
) -> None:
    ana, enrolment = await begin_second(service)
    path = f"/v1/enrolments/{enrolment}"

    before = (await ana.get(path)).json()
    assert {module["state"] for module in before["modules"]} == {"locked"}
    assert before["modules"][0]["locked_by"][0]["course"] == "first"
    assert (before["next"], before["minutes"], before["minutes_left"]) == (None, 17, 17)
    assert slug(await ana.post(f"{path}/lessons/one/completion")) == (409, "module-locked")

    await ana.post(f"/v1/enrolments/{await enrol(ana, 'first')}/lessons/listen/completion")
    found = (await ana.get(path)).json()
    assert list((await states(ana, enrolment)).values()) == ["open", "locked", "locked", "locked"]
    opens, due = found["modules"][2]["opens_at"], found["modules"][2]["due_at"]
    assert opens[:10] == (service.clock.now() + timedelta(days=3)).isoformat()[:10]
    assert (due is None, found["due_at"] is None, found["next"]) == (False, False, "one")
    assert slug(await ana.post(f"{path}/attempts", json={})) == (409, "module-locked")
    hidden = (await ana.get(f"{path}/modules/late")).json()
    assert (hidden["state"], hidden["html"]) == ("locked", None)

    for key in ("one", "two"):
        await ana.post(f"{path}/lessons/{key}/completion")
    service.clock.advance(timedelta(days=3))
    assert await states(ana, enrolment) == {"one": "done", "two": "done", "late": "open", "quiz": "locked"}
    assert (await ana.get(path)).json()["minutes_left"] == 5
    await ana.post(f"{path}/lessons/late/completion")
    assert (await ana.get(path)).json()["next"] == "quiz"
    assert (await ana.post(f"{path}/attempts", json={})).status_code == 201
    service.clock.advance(timedelta(days=8))
    assert (await ana.get(path)).json()["overdue"] is True


async def test_a_learner_resumes_where_they_left_off_and_nobody_else_moves_their_bookmark(
    service: TrainingService,
) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2")
    ana, ben = await service.as_person("E-1"), await service.as_person("E-2")
    enrolment = await enrol(ana, "answering")
    path = f"/v1/enrolments/{enrolment}"

    place = {"module": "listen", "place": 0.4, "anchor": "habits"}
    assert (await ana.put(f"{path}/position", json=place)).status_code == 200
    position = (await ana.get(path)).json()["position"]
    assert {name: position[name] for name in place} == place
    assert (await ben.put(f"{path}/position", json=place)).status_code == 404
    assert (await ana.put(f"{path}/position", json={"module": "nowhere"})).status_code == 404
    assert (await ana.put(f"{path}/position", json={"module": "listen", "place": 1.5})).status_code == 422


async def test_a_draft_is_for_authors_until_it_is_published_and_then_for_those_who_enrol_or_move(
    service: TrainingService,
) -> None:
    await write(service, "talk", [lesson("same"), lesson("other"), lesson("gone")])
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    enrolment = await enrol(ana, "talk")
    path = f"/v1/enrolments/{enrolment}"
    for key in ("same", "other"):
        await ana.post(f"{path}/lessons/{key}/completion")
    versions = "/v1/courses/talk/versions"
    changed = [lesson("same"), lesson("other", markdown="Something else.")]

    draft = await service.post(versions, {"modules": changed, "draft": True})
    assert (draft["number"], draft["state"]) == (2, "draft")
    assert (await service.get("/v1/courses/talk"))["version"] == 1
    assert slug(await ana.post(f"{path}/version-change", json={})) == (409, "no-newer-version")
    again = {"modules": changed, "draft": True}
    stale = await service.client.put(f"{versions}/2", json=again, headers={"If-Match": '"9"'})
    assert (stale.status_code, (await service.client.put(f"{versions}/2", json=again)).status_code) == (412, 200)

    published = await service.post(f"{versions}/2/publication")
    assert published["state"] == "published"
    assert slug(await service.client.post(f"{versions}/2/publication")) == (409, "not-a-draft-version")
    assert slug(await service.client.put(f"{versions}/1", json={"modules": changed})) == (409, "not-a-draft-version")
    assert [told["version"] for told in await service.told("training.course.published.v1")][-1] == 2
    assert (await ana.get(path)).json()["newer_version"] == 2
    moved = (await ana.post(f"{path}/version-change", json={"version": 2})).json()
    assert {module["key"]: module["state"] for module in moved["modules"]} == {"same": "done", "other": "open"}
    done = (await ana.post(f"{path}/lessons/other/completion")).json()
    assert (done["version"], done["completed_at"] is None) == (2, False)


async def test_a_quiz_that_a_newer_version_changed_is_passed_anew_after_a_move(service: TrainingService) -> None:
    await write(service, "talk", [QUIZ, LESSON])
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    enrolment = await enrol(ana, "talk")
    path = f"/v1/enrolments/{enrolment}"
    sitting = (await ana.post(f"{path}/attempts", json={})).json()
    await service.post("/v1/courses/talk/versions", {"modules": [{**QUIZ, "pass_mark": 0.5}, LESSON]})
    assert slug(await ana.post(f"{path}/version-change", json={})) == (409, "work-under-way")
    for item in sitting["items"]:
        right = next(option["id"] for option in item["options"] if option["text"].startswith("right"))
        await ana.put(f"/v1/attempts/{sitting['id']}/answers/{item['id']}", json={"options": [right]})
    assert (await ana.post(f"/v1/attempts/{sitting['id']}/submission")).json()["passed"]
    assert (await states(ana, enrolment))["quiz"] == "done"

    service.clock.advance(timedelta(minutes=1))
    await ana.post(f"{path}/version-change", json={})
    assert (await states(ana, enrolment))["quiz"] == "open"


async def test_courses_that_would_wait_for_each_other_and_modules_that_do_are_refused(
    service: TrainingService,
) -> None:
    await write(service, "a", [LESSON])
    await write(service, "b", [LESSON], prerequisites=["a"])
    circle = await service.client.post("/v1/courses/a/versions", json={"modules": [LESSON], "prerequisites": ["b"]})
    assert slug(circle) == (409, "circular-prerequisites")
    unknown = await service.client.post("/v1/courses/a/versions", json={"modules": [LESSON], "prerequisites": ["z"]})
    assert (slug(unknown)[0], unknown.json()["errors"][0]["pointer"]) == (422, "/prerequisites/0")
    for modules, words in (
        ([lesson("x", requires=["y"]), lesson("y", opens={"after_previous_days": 1})], "wait for each other: x, y"),
        ([lesson("x", requires=["nobody"])], "x requires nobody"),
        ([lesson("x", opens={"after_previous_days": 1})], "x is the first module"),
        ([lesson("x", opens={})], "say after_days"),
    ):
        answer = await service.client.post("/v1/courses/a/versions", json={"modules": modules})
        assert answer.status_code == 422
        assert words in answer.text
    assert (await service.get("/v1/courses/a"))["version"] == 1


async def test_each_module_is_shown_in_the_best_language_there_is_and_says_which(service: TrainingService) -> None:
    german = {"title": "Erst zuhören", "modules": {"listen": {"title": "Zuhören", "markdown": "Lies **alles**."}}}
    await write(service, "talk", [LESSON, lesson("more")], translations={"de": german})
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    path = f"/v1/enrolments/{await enrol(ana, 'talk')}"

    course = await service.get("/v1/courses/talk", locale="de-AT")
    assert (course["title"], course["locale"], course["locales"]) == ("Erst zuhören", "de", ["en", "de"])
    shown = [(module["title"], module["locale"], module["fallback"]) for module in course["modules"]]
    assert shown == [("Zuhören", "de", False), ("Listen", "en", True)]
    module = (await ana.get(f"{path}/modules/listen", params={"locale": "de"})).json()
    assert (module["html"], module["locale"]) == ("<p>Lies <strong>alles</strong>.</p>\n", "de")
    french = (await ana.get(f"{path}/modules/listen", params={"locale": "fr"})).json()
    assert (french["title"], french["locale"], french["fallback"]) == ("Listen", "en", True)
    wrong: dict[str, Any] = {"de": {"modules": {"listen": {"nodes": {}}, "nowhere": {}}}}
    answer = await service.client.post("/v1/courses/talk/versions", json={"modules": [LESSON], "translations": wrong})
    assert answer.status_code == 422
    assert "which a lesson has not" in answer.text
    assert "nowhere, which is no module" in answer.text


async def test_a_policy_is_read_as_it_is_in_force_and_the_hashes_of_what_was_read_are_kept(
    service: TrainingService,
) -> None:
    await write(service, "talk", [{**READING, "policy": "elsewhere", "key": "other"}, READING])
    await service.add_person("E-1")
    ana = await service.as_person("E-1")
    enrolment = await enrol(ana, "talk")
    path = f"/v1/enrolments/{enrolment}"
    await hear_of_policy(service, 2, "Be *kind*. <script>alert(1)</script>")

    shown = (await ana.get(f"{path}/modules/policy")).json()["reading"]
    assert (shown["version"], shown["missing"]) == (2, ["gone"])
    assert "<em>kind</em>" in shown["sections"][0]["html"]
    assert "<script" not in shown["sections"][0]["html"]
    locked = (await ana.get(f"{path}/modules/other")).json()
    assert (locked["state"], locked["locked_by"][0]["reason"]) == ("locked", "policy")

    await hear_of_policy(service, 3, "Be kinder.")
    completion = f"{path}/readings/policy/completion"
    assert slug(await ana.post(completion, json={"version": 2})) == (409, "policy-changed")
    assert (await ana.post(completion, json={"version": 3})).status_code == 200
    await hear_of_policy(service, 4, "Be kindest.")
    assert (await ana.post(completion, json={})).status_code == 200

    def details(session: Session) -> Any:
        return session.exec(select(ModuleDone.details).where(ModuleDone.enrolment == enrolment)).one()

    kept = await service.db.read(details)
    assert kept == {
        "policy": "social-media",
        "version": 3,
        "sections": [{"section": "be-kind", "hash": f"{3:064}"}],
    }
    assert len(await evidence_of(service.db, "policy.read")) == 1


async def test_a_task_is_given_back_and_accepted_by_a_coach_and_never_by_whoever_did_it(
    service: TrainingService,
) -> None:
    await write(service, "talk", [TASK])
    people = {number: await service.add_person(number) for number in ("E-1", "E-3")}
    ana = await service.as_person("E-1")
    coach = service.ask_as(principal(people["E-3"], "E-3", "coach"))
    own = service.ask_as(principal(people["E-1"], "E-1", "coach"))
    path = f"/v1/enrolments/{await enrol(ana, 'talk')}"
    submissions = f"{path}/tasks/reply/submissions"

    first = (await ana.post(submissions, json={"text": "I wrote: sorry!"})).json()
    back = {"decision": "return", "words": "Ask first what happened."}
    review = f"/v1/task-submissions/{first['id']}/review"
    assert slug(await own.post(review, json=back)) == (403, "own-matter")
    (waiting,) = (await coach.get("/v1/task-submissions?state=submitted")).json()["items"]
    returned = (await coach.post(review, json=back)).json()
    assert (waiting["id"], returned["state"], returned["reviewed_by"]) == (first["id"], "returned", "E-3")
    assert slug(await coach.post(review, json=back)) == (409, "already-reviewed")

    second = (await ana.post(submissions, json={"text": "I asked first."})).json()
    accept = {"decision": "accept", "words": "Lovely.", "employee_number": "E-3"}
    runs_training = await service.as_person("E-1", "training:read", "training:write")
    assert slug(await runs_training.post(f"/v1/task-submissions/{second['id']}/review", json=accept)) == (
        403,
        "own-matter",
    ), "nor in a coach's name"
    await service.post(f"/v1/task-submissions/{second['id']}/review", accept)
    assert (await ana.get(path)).json()["completed_at"] is not None
    assert slug(await ana.post(submissions, json={"text": "more"})) == (409, "task-accepted")
    reviewed = await service.told("training.task.reviewed.v1")
    assert [told["decision"] for told in reviewed] == ["returned", "accepted"]
    assert "sorry" not in str(await service.told("training.task.submitted.v1"))


async def test_what_is_handed_in_is_for_its_person_and_coaches_and_in_a_form_that_the_task_accepts(
    service: TrainingService,
) -> None:
    await write(service, "talk", [TASK])
    for number in ("E-1", "E-2"):
        await service.add_person(number)
    ana, ben = await service.as_person("E-1"), await service.as_person("E-2")
    submissions = f"/v1/enrolments/{await enrol(ana, 'talk')}/tasks/reply/submissions"

    refused = await ana.post(submissions, json={"link": "https://x.example/1"})
    assert (slug(refused), refused.json()["errors"][0]["pointer"]) == ((422, "not-accepted"), "/link")
    first = (await ana.post(submissions, json={"text": "I wrote: sorry!"})).json()
    assert slug(await ana.post(submissions, json={"text": "again"})) == (409, "awaits-review")
    path = f"/v1/task-submissions/{first['id']}"
    assert (await ben.get(path)).status_code == 404
    assert (await ben.post(f"{path}/review", json={"decision": "accept", "words": "Fine."})).status_code == 403
    assert (await ben.get("/v1/task-submissions")).json()["items"] == []
    assert (await ana.get(path)).json()["text"] == "I wrote: sorry!"


async def test_attendance_taken_by_the_host_makes_a_live_session_done_for_those_who_were_there(
    service: TrainingService,
) -> None:
    await write(service, "talk", [LIVE])
    for number in ("E-1", "E-2", "E-3", "E-9"):
        await service.add_person(number)
    ana, host = await service.as_person("E-1"), await service.as_person("E-9")
    enrolled = {number: await enrol(service.client, "talk", employee_number=number) for number in ("E-1", "E-2", "E-3")}
    date = {"course": "talk", "module": "meet", "capacity": 1, "place": "Room 4", "host": "E-9"}
    date |= in_days(service, 1)
    live = f"/v1/live-sessions/{(await service.post('/v1/live-sessions', date))['id']}"
    assert (await ana.post(f"{live}/registrations", json={})).status_code == 201
    present = {"present": ["E-1", "E-3"], "absent": ["E-2"]}
    assert slug(await host.post(f"{live}/attendance", json=present)) == (409, "not-begun")
    service.clock.advance(timedelta(days=1, minutes=5))
    assert slug(await ana.post(f"{live}/attendance", json=present)) == (403, "not-the-host")
    press = service.ask_as(Principal(id="key:press", scopes=ALL, departments=frozenset({"Press"})))
    elsewhere = await press.post(f"{live}/attendance", json={"present": ["E-1"]})
    assert slug(elsewhere) == (422, "not-attending"), "a key of another department reaches none of them"
    wrong = await host.post(f"{live}/attendance", json={"present": ["E-1", "E-404"]})
    assert (slug(wrong), wrong.json()["errors"][0]["pointer"]) == ((422, "not-attending"), "/present/1")
    taken = (await host.post(f"{live}/attendance", json=present)).json()["items"]
    assert {one["employee_number"]: one["attended"] for one in taken} == {"E-1": True, "E-2": False, "E-3": True}
    done = [(await service.get(f"/v1/enrolments/{one}"))["completed_at"] is not None for one in enrolled.values()]
    assert done == [True, False, True]
    assert (await service.get(live))["left"] == 0


async def test_a_live_session_has_as_many_places_as_its_capacity_and_those_given_back(
    service: TrainingService,
) -> None:
    await write(service, "talk", [LIVE])
    for number in ("E-1", "E-2", "E-9"):
        await service.add_person(number)
    ana, host = await service.as_person("E-1"), await service.as_person("E-9")
    for number in ("E-1", "E-2"):
        await enrol(service.client, "talk", employee_number=number)
    date = {"course": "talk", "module": "meet", "capacity": 1, "place": "Room 4", "host": "E-9"}
    date |= in_days(service, 1)
    live = f"/v1/live-sessions/{(await service.post('/v1/live-sessions', date))['id']}"
    assert (await ana.post(f"{live}/registrations", json={})).status_code == 201
    assert slug(await ana.post(f"{live}/registrations", json={})) == (409, "has-a-place")
    two = {"employee_number": "E-2"}
    assert slug(await service.client.post(f"{live}/registrations", json=two)) == (409, "session-full")
    assert slug(await host.post(f"{live}/registrations", json={})) == (409, "not-enrolled")
    assert slug(await service.client.patch(live, json={"capacity": 2, "ends_at": date["starts_at"]})) == (
        422,
        "invalid-date",
    )
    assert (await service.client.patch(live, json={"capacity": 2})).json()["left"] == 1
    assert (await service.client.post(f"{live}/registrations", json=two)).status_code == 201
    assert (await service.client.delete(f"{live}/registrations/E-2")).status_code == 204


async def test_a_live_session_that_is_cancelled_takes_nobody_and_is_not_listed_as_to_come(
    service: TrainingService,
) -> None:
    await write(service, "talk", [LIVE])
    for number in ("E-1", "E-9"):
        await service.add_person(number)
    await enrol(service.client, "talk", employee_number="E-1")
    date = {"course": "talk", "module": "meet", "capacity": 5, "place": "Room 4", "host": "E-9"}
    live = f"/v1/live-sessions/{(await service.post('/v1/live-sessions', {**date, **in_days(service, 1)}))['id']}"
    other = f"/v1/live-sessions/{(await service.post('/v1/live-sessions', {**date, **in_days(service, 7)}))['id']}"
    assert (await service.post(f"{other}/cancellation", {"reason": "The host is ill."}))["cancelled_at"]
    answer = await service.client.post(f"{other}/registrations", json={"employee_number": "E-1"})
    assert slug(answer) == (409, "session-cancelled")
    assert (await service.get("/v1/live-sessions", upcoming=True, course="talk"))["items"] == [await service.get(live)]
    led = [one["id"] for one in (await service.get("/v1/live-sessions", host=date["host"]))["items"]]
    assert (len(led), f"/v1/live-sessions/{led[0]}") == (2, live)
    assert (await service.get("/v1/live-sessions", host="E-NOBODY"))["items"] == []


def in_days(service: TrainingService, days: int) -> dict[str, str]:
    start = service.clock.now() + timedelta(days=days)
    return {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}


def principal(person: str, number: str, role: str) -> Any:
    scopes = frozenset({"self", "training:read"})
    return Principal(
        id=f"person:{person}", person=person, employee_number=number, scopes=scopes, roles=frozenset({role})
    )
