"""Who is put on what by rules and learning paths, and let go of again."""

from datetime import datetime, timedelta
from typing import Any

from services.training.domain.planning import team_seats
from shared.context import Principal
from shared.events.policy import TaskTeamChangedV1
from tests.training.conftest import MODULES, TrainingService
from tests.training.provisioning import GROUP, GROUPS

RULES = "/v1/enrolment-rules"
DAY = timedelta(days=1)


async def rule(service: TrainingService, key: str = "new-in-support", **more: Any) -> Any:
    """Write a rule that puts people on the course `answering`, unless it says something else."""
    target = {} if more.keys() & {"path", "certification"} else {"course": "answering"}
    return await service.post(RULES, {"key": key, "title": key.title(), **target, **more})


async def enrolments(service: TrainingService, number: str) -> list[Any]:
    """Return what a person is on, after all was decided that waits."""
    await service.advance()
    found: list[Any] = (await service.get("/v1/enrolments", employee_number=number))["items"]
    return found


async def courses(service: TrainingService, number: str) -> list[str]:
    """Return the courses that are asked of a person, after all was decided that waits."""
    return [one["course"] for one in await enrolments(service, number) if one["withdrawn_at"] is None]


async def change(service: TrainingService, path: str, **what: Any) -> Any:
    """Change something that must be possible to change."""
    answer = await service.client.patch(path, json=what)
    assert answer.status_code == 200, answer.text
    return answer.json()


def about(stated: str, meant: datetime) -> bool:
    """Say whether a time is the one that is meant, but for what the test itself took."""
    return abs(datetime.fromisoformat(stated) - meant) < timedelta(minutes=5)


async def seat(service: TrainingService, seat: str, role: str, person: str | None, done: str = "filled") -> None:
    """Let the service hear that somebody sits on a seat of the task team."""
    told = TaskTeamChangedV1(seat=seat, role=role, person=person, change=done)
    await service.db.write(team_seats.keep, told)


async def test_a_rule_puts_those_it_means_on_a_course_once(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2", department="Stores")
    written = await rule(service, audience={"departments": ["Support"]}, due_days=10)
    assert (written["people"], written["applies"], written["otherwise"]) == (0, ["made", "joins", "moves"], "keep")
    (one,) = await enrolments(service, "E-1")
    assert one["rule"] == "new-in-support"
    assert about(one["due_at"], service.clock.now() + 10 * DAY)
    assert await enrolments(service, "E-2") == []
    assert (await service.get(f"{RULES}/new-in-support"))["people"] == 1

    await service.complete("E-1")
    await service.add_person("E-3")
    await change(service, "/v1/people/E-1", department="Stores")
    await service.advance()
    await change(service, "/v1/people/E-1", department="Support")
    await change(service, "/v1/people/E-2", department="Support")
    assert [one["id"] for one in await enrolments(service, "E-1")] == [one["id"]]
    assert (await courses(service, "E-2"), await courses(service, "E-3")) == (["answering"], ["answering"])
    assert len(await service.told("training.enrolment.created.v1")) == 3


async def test_a_rule_looks_only_on_the_occasions_it_names(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.add_person("E-2", region="Nordics")
    await service.advance()
    await rule(service, audience={"regions": ["EMEA"]}, applies=["joins"])
    assert await courses(service, "E-1") == []
    await change(service, "/v1/people/E-2", region="EMEA")
    assert await courses(service, "E-2") == []
    await service.add_person("E-3")
    assert await courses(service, "E-3") == ["answering"]
    await rule(service, "others", audience={"regions": ["EMEA"]})
    assert await courses(service, "E-1") == ["answering"], "another rule being made is no occasion for the first one"
    await change(service, "/v1/people/E-2", active=False)
    await change(service, f"{RULES}/others", enabled=False)
    await service.advance()
    await change(service, "/v1/people/E-2", active=True)
    assert await courses(service, "E-2") == ["answering"], "who is back has joined"


async def test_groups_roles_and_titles_are_audiences_of_all_or_any(service: TrainingService) -> None:
    await service.add_course("second")
    people = {number: await service.add_person(number, title="Editor") for number in ("E-1", "E-2", "E-3")}
    other = await service.add_person("E-4")
    async with service.client as client:
        body = {"schemas": [GROUP], "displayName": "Responders", "members": [{"value": people["E-1"]}]}
        group = (await client.post(GROUPS, json=body)).json()
    await seat(service, "press", "coach", other)
    every = {"titles": ["Editor"], "groups": ["Responders"]}
    await rule(service, "both", audience=every, otherwise="unenrol")
    anyone = {"match": "any", "groups": [group["id"]], "roles": ["coach"]}
    await rule(service, "either", audience=anyone, course="second", otherwise="unenrol")
    assert [await courses(service, f"E-{n}") for n in (1, 2, 3, 4)] == [["answering", "second"], [], [], ["second"]]
    assert (await service.post(f"{RULES}/previews", anyone)) == {"people": 2, "employee_numbers": ["E-1", "E-4"]}

    async with service.client as client:
        body["members"] = [{"value": people["E-2"]}]
        assert (await client.put(f"{GROUPS}/{group['id']}", json=body)).status_code == 200
    await seat(service, "press", "coach", people["E-3"])
    now = [await courses(service, f"E-{n}") for n in (1, 2, 3, 4)]
    assert now == [[], ["answering", "second"], ["second"], []]
    await seat(service, "press", "", None, "closed")
    assert await courses(service, "E-3") == []


async def test_who_is_let_go_of_keeps_what_is_done_and_goes_on_with_it_when_back(service: TrainingService) -> None:
    await service.add_person("E-1")
    await rule(service, audience={"departments": ["Support"]}, otherwise="unenrol", due_days=20)
    (one,) = await enrolments(service, "E-1")
    await service.post(f"/v1/enrolments/{one['id']}/lessons/listen/completion", {})
    await change(service, "/v1/people/E-1", department="Stores")
    (gone,) = await enrolments(service, "E-1")
    assert gone["withdrawn_at"] is not None
    assert not gone["overdue"]
    assert (await service.get("/v1/people/E-1/plan"))["items"] == []
    assert len(await service.told("training.enrolment.withdrawn.v1")) == 1
    await service.advance(30 * DAY)
    assert await service.told("training.enrolment.overdue.v1") == []

    await change(service, "/v1/people/E-1", department="Support")
    (back,) = await enrolments(service, "E-1")
    assert (back["id"], back["withdrawn_at"]) == (one["id"], None)
    assert about(back["due_at"], service.clock.now() + 20 * DAY)
    whole = await service.get(f"/v1/enrolments/{one['id']}")
    assert [module["done"] for module in whole["modules"]] == [True, False]
    assert len(await service.told("training.enrolment.resumed.v1")) == 1


async def test_what_something_else_asks_for_or_was_done_by_hand_is_not_withdrawn(service: TrainingService) -> None:
    await service.add_course("second")
    await service.add_person("E-1")
    await service.post("/v1/enrolments", {"employee_number": "E-1", "course": "second"})
    for key, regions, course in (
        ("one", ["EMEA"], "answering"),
        ("two", None, "answering"),
        ("three", ["EMEA"], "second"),
    ):
        await rule(service, key, audience={"regions": regions}, course=course, otherwise="unenrol")
    assert await courses(service, "E-1") == ["second", "answering"]
    await change(service, "/v1/people/E-1", region="Nordics")
    assert await courses(service, "E-1") == ["second", "answering"]
    await change(service, f"{RULES}/two", audience={"regions": ["EMEA"]})
    assert await courses(service, "E-1") == ["second"]


async def test_a_rule_for_a_certification_asks_only_for_the_courses_that_are_missing(service: TrainingService) -> None:
    for key in ("second", "third"):
        await service.add_course(key)
    await service.define("base", courses=["second"], validity_days=30)
    await service.define("top", courses=["third"], certifications=["base"], audience={"regions": ["EMEA"]})
    for number, region in (("E-1", "EMEA"), ("E-2", "EMEA"), ("E-3", "Nordics")):
        await service.add_person(number, region=region)
    await service.complete("E-2", "second")
    await rule(service, "climb", certification="top")
    asked = [await courses(service, f"E-{n}") for n in (1, 2, 3)]
    assert asked == [["second", "third"], ["third"], []], "nobody is put on what they could not earn"
    answer = await service.client.post(RULES, json={"key": "x", "title": "X", "certification": "nothing"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/certification")
    await service.add_course("fourth")
    await change(service, "/v1/certifications/top", courses=["third", "fourth"])
    assert await courses(service, "E-2") == ["third", "fourth"]


STEPS = [
    {"course": "answering", "due_days": 10},
    {"course": "extra", "optional": True},
    {"course": "second", "due_days": 20},
    {"course": "later", "due_days": 30},
]


async def add_path(service: TrainingService) -> None:
    """Write a path of four courses, of which one has no version yet and one is optional."""
    for key in ("second", "extra"):
        await service.add_course(key)
    await service.post("/v1/courses", {"key": "later", "title": "Written later"})
    await service.post("/v1/learning-paths", {"key": "start", "title": "Your start", "steps": STEPS})
    await service.add_person("E-1")


async def test_a_path_leads_through_its_courses_in_their_order(service: TrainingService) -> None:
    await add_path(service)
    await rule(service, "starters", path="start")
    assert await courses(service, "E-1") == ["answering"]
    began = service.clock.now()
    await service.advance(2 * DAY)
    await service.complete("E-1")
    assert await courses(service, "E-1") == ["answering", "second"]
    (path,) = (await service.get("/v1/people/E-1/learning-paths"))["items"]
    states = [step["state"] for step in path["steps"]]
    assert states == ["done", "offered", "open", "waiting"]
    assert (path["done"], path["of"], path["completed_at"]) == (1, 3, None)
    assert about(path["steps"][2]["due_at"], began + 20 * DAY)

    await service.complete("E-1", "second")
    assert await courses(service, "E-1") == ["answering", "second"]
    await service.post("/v1/courses/later/versions", {"modules": MODULES})
    assert await courses(service, "E-1") == ["answering", "second", "later"]
    await service.complete("E-1", "later")
    (path,) = (await service.get("/v1/learning-paths/start/people"))["items"]
    assert path["completed_at"] is not None


async def test_who_is_taken_off_a_path_by_its_rule_can_go_back_on_it_by_hand(service: TrainingService) -> None:
    await add_path(service)
    await rule(service, "starters", path="start", otherwise="unenrol")
    assert await courses(service, "E-1") == ["answering"]
    await change(service, f"{RULES}/starters", audience={"departments": ["Stores"]})
    assert await courses(service, "E-1") == []
    assert (await service.get("/v1/people/E-1/learning-paths"))["items"] == []
    joined = await service.post("/v1/learning-paths/start/people", {"employee_number": "E-1"})
    assert (joined["rule"], joined["done"]) == (None, 0)
    assert await courses(service, "E-1") == ["answering"]
    await change(service, f"{RULES}/starters", audience={})
    await service.advance()
    await change(service, f"{RULES}/starters", audience={"departments": ["Stores"]})
    assert await courses(service, "E-1") == ["answering"], "what a person was put on by hand stays"
    await change(service, "/v1/learning-paths/start", in_order=False, steps=STEPS[:3])
    assert await courses(service, "E-1") == ["answering", "second"]


async def test_the_earliest_date_counts_when_several_ask_for_a_course(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.post("/v1/enrolments", {"employee_number": "E-1", "course": "answering"})
    for key, days in (("slow", 50), ("quick", 5), ("medium", 20)):
        await rule(service, key, due_days=days)
    (one,) = await enrolments(service, "E-1")
    assert about(one["due_at"], service.clock.now() + 5 * DAY)
    assert one["rule"] is None
    plan = await service.get("/v1/people/E-1/plan")
    assert [reason["key"] for reason in plan["items"][0]["why"]] == ["medium", "quick", "slow"]


async def test_a_list_of_people_is_put_on_a_course_with_a_report(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3", "E-4"):
        await service.add_person(number)
    await service.post("/v1/enrolments", {"employee_number": "E-2", "course": "answering"})
    await service.complete("E-3")
    await change(service, "/v1/people/E-4", active=False)
    numbers = ["E-1", "E-2", "E-3", "E-4", "E-5", "E-1"]
    report = await service.post("/v1/enrolments/batches", {"course": "answering", "employee_numbers": numbers})
    outcomes = [item["outcome"] for item in report["items"]]
    assert outcomes == ["enrolled", "already_enrolled", "already_completed", "unknown", "unknown", "already_enrolled"]
    assert report["enrolled"] == 1


async def test_people_take_only_what_is_offered_to_them(service: TrainingService) -> None:
    await service.add_course("second")
    await service.add_person("E-1")
    await service.add_person("E-2", department="Stores")
    async with service.client as client:
        offer = {"self_service": True, "audience": {"departments": ["Stores"]}}
        before = await client.get("/v1/catalogue/second")
        said = await client.put("/v1/catalogue/second", json=offer, headers={"If-Match": before.headers["ETag"]})
        assert said.status_code == 200, said.text
        stale = await client.put("/v1/catalogue/second", json=offer, headers={"If-Match": before.headers["ETag"]})
        assert stale.status_code == 412
    for number, wanted in (("E-1", ["answering"]), ("E-2", ["answering", "second"])):
        async with await service.as_person(number) as learner:
            shown = (await learner.get("/v1/catalogue")).json()["items"]
            assert [item["course"] for item in shown] == wanted
            taken = await learner.post("/v1/enrolments", json={"course": "second"})
            assert taken.status_code == (201 if "second" in wanted else 403), taken.text
    assert (await service.get("/v1/catalogue", employee_number="E-2"))["items"][1]["enrolment"] is not None


async def test_a_key_of_one_department_writes_no_rules(service: TrainingService) -> None:
    limited = Principal(id="key:3", scopes=frozenset({"training:write"}), departments=frozenset({"Support"}))
    async with service.ask_as(limited) as client:
        answer = await client.post(RULES, json={"key": "all", "title": "All", "course": "answering"})
        assert answer.status_code == 403
