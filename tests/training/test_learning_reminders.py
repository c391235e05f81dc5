"""What people on a course are told as it becomes due, and how their plan and their department's figures stand."""

from datetime import timedelta
from typing import Any

import pytest

from services.training.domain.planning import campaigns
from services.training.settings import terms
from shared.context import Principal
from shared.events.policy import AcknowledgementRequestedV1, CampaignChangedV1
from tests.training.conftest import TrainingService

DAY = timedelta(days=1)
KINDS = ("reminded", "overdue", "escalated")


async def told(service: TrainingService) -> list[tuple[str, int | None]]:
    """Return what was told of enrolments: the kind, and for a reminder the days it was meant for."""
    found: list[tuple[str, int | None]] = []
    for kind in KINDS:
        events = await service.told(f"training.enrolment.{kind}.v1")
        found += [(kind, event.get("days_before")) for event in events]
    return found


async def put_on(service: TrainingService, number: str, days: int) -> str:
    """Put a person on the course, due in some days; returns the enrolment."""
    batch = {"course": "answering", "employee_numbers": [number], "due_days": days}
    return str((await service.post("/v1/enrolments/batches", batch))["items"][0]["enrolment"])


async def change(service: TrainingService, number: str, **what: Any) -> None:
    answer = await service.client.patch(f"/v1/people/{number}", json=what)
    assert answer.status_code == 200, answer.text


EVERYTHING = [
    *(("reminded", days) for days in (30, 14, 7, 1, -1, -7, -14, -30)),
    ("overdue", None),
    ("escalated", None),
]


@pytest.mark.parametrize("step", [4, 9, 25])
async def test_each_reminder_is_told_once_however_long_nothing_ran(service: TrainingService, step: int) -> None:
    await service.add_person("E-1")
    enrolment = await put_on(service, "E-1", 40)
    seen: list[tuple[str, int | None]] = []
    for _ in range(0, 80, step):
        before = await told(service)
        await service.advance(timedelta(days=step))
        await service.advance()
        now = await told(service)
        assert len(now) - len(set(now)) == 0
        seen += [one for one in now if one not in before]
    assert sorted(seen, key=str) == sorted(EVERYTHING, key=str)
    assert enrolment is not None


async def test_a_late_reminder_says_how_many_days_are_left(service: TrainingService) -> None:
    await service.add_person("E-1")
    await put_on(service, "E-1", 20)
    await service.advance(7 * DAY)
    await service.advance(8 * DAY)
    events = await service.told("training.enrolment.reminded.v1")
    assert [(event["days_before"], event["days_left"]) for event in events] == [(14, 13), (7, 5)]


async def test_whoever_is_done_or_has_left_is_told_nothing(service: TrainingService) -> None:
    for number in ("E-1", "E-2", "E-3"):
        await service.add_person(number)
        await put_on(service, number, 10)
    await service.complete("E-1")
    await change(service, "E-2", active=False)
    await service.advance(12 * DAY)
    about = {event["person"] for kind in KINDS for event in await service.told(f"training.enrolment.{kind}.v1")}
    assert about == {(await service.get("/v1/people/E-3"))["id"]}
    await change(service, "E-2", active=True)
    await service.advance(6 * DAY)
    back = (await service.get("/v1/people/E-2"))["id"]
    days = [one["days_before"] for one in await service.told("training.enrolment.reminded.v1") if one["person"] == back]
    assert days == [-7], "what came due while somebody was gone is past"


async def test_the_nearest_manager_who_works_here_hears_of_what_is_a_week_late(service: TrainingService) -> None:
    boss = await service.add_person("E-1")
    await service.add_person("E-2", manager="E-1")
    await service.add_person("E-3", manager="E-2")
    await put_on(service, "E-3", 5)
    await change(service, "E-2", active=False)
    await service.advance(13 * DAY)
    (event,) = await service.told("training.enrolment.escalated.v1")
    assert event["manager"] == boss


async def test_a_plan_says_what_is_due_why_and_what_to_do_next(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    await service.post(
        "/v1/enrolment-rules",
        {"key": "all", "title": "Everyone answers", "course": "answering", "due_days": 10},
    )
    asked = {"id": "a", "campaign": "autumn", "person": person, "policy": "social-media", "version": 1}
    due_at = service.clock.now() + 3 * DAY
    await service.db.write(campaigns.keep_asked, AcknowledgementRequestedV1(**asked, due_at=due_at))
    await service.advance()
    plan = await service.get("/v1/people/E-1/plan")
    assert [(item["kind"], item["overdue"]) for item in plan["items"]] == [
        ("acknowledgement", False),
        ("course", False),
    ]
    accept, learn = plan["items"]
    assert accept["next"]["url"] == "/v1/policies/social-media/versions/1/acknowledgements"
    assert [(why["kind"], why["title"]) for why in learn["why"]] == [("rule", "Everyone answers")]
    assert learn["next"]["module"] == "listen"
    assert (await service.get(learn["next"]["url"]))["key"] == "listen"
    async with await service.as_person("E-1") as own:
        assert (await own.get("/v1/people/E-1/plan")).json() == plan
    await service.add_person("E-2")
    async with await service.as_person("E-2") as other:
        assert (await other.get("/v1/people/E-1/plan")).status_code == 404

    await service.hear_of_acknowledgement(person)
    await service.complete("E-1")
    await service.advance()
    done = await service.get("/v1/people/E-1/plan")
    assert done["items"] == []
    assert {(item["kind"], item["key"]) for item in done["done"]} == {
        ("course", "answering"), ("acknowledgement", "social-media"), ("certificate", "responder"),
    }  # fmt: skip


async def test_a_plan_names_what_renews_a_certificate(service: TrainingService) -> None:
    await service.add_person("E-1")
    await service.certify("E-1")
    await service.advance(340 * DAY)
    (item,) = (await service.get("/v1/people/E-1/plan"))["items"]
    assert (item["kind"], item["key"], item["next"]["method"]) == ("renewal", "responder", "POST")
    taken = await service.post(item["next"]["url"], {"employee_number": "E-1", "course": "answering"})
    items = (await service.get("/v1/people/E-1/plan"))["items"]
    assert {item["next"]["url"].removesuffix("/modules/listen") for item in items} == {f"/v1/enrolments/{taken['id']}"}


async def test_what_a_closed_campaign_asked_stands_in_no_plan(service: TrainingService) -> None:
    person = await service.add_person("E-1")
    at = service.clock.now()
    asked = AcknowledgementRequestedV1(
        id="a", campaign="autumn", person=person, policy="social-media", version=1, due_at=at
    )
    await service.db.write(campaigns.keep_asked, asked)
    assert len((await service.get("/v1/people/E-1/plan"))["items"]) == 1
    closed = {"title": "Autumn", "state": "closed", "due_at": at, "change": "closed"}
    await service.db.write(
        campaigns.keep_campaign, CampaignChangedV1(id="autumn", policy="social-media", version=1, **closed)
    )
    assert (await service.get("/v1/people/E-1/plan"))["items"] == []


async def test_figures_never_show_a_group_that_is_too_small_or_leave_it_to_be_subtracted(
    service: TrainingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {"Support": 10, "Stores": 9, "Board": 2, "Press": 3}
    for department, size in sizes.items():
        for place in range(size):
            await service.add_person(f"{department}-{place}", department=department)
    await service.advance()
    for number, days in (("Support-0", 5), ("Support-1", 50), ("Board-0", 5)):
        await put_on(service, number, days)
    await service.complete("Stores-1")
    await service.advance(6 * DAY)
    figures = await service.get("/v1/learning-statistics")
    shown = {group["name"]: group for group in figures["groups"]}
    assert {name: group["people"] for name, group in shown.items()} == {"Support": 10, "other": 14}
    assert (shown["Support"]["overdue"], shown["Support"]["open"], shown["other"]["overdue"]) == (1, 1, 1)
    assert (figures["total"]["done"], figures["total"]["people"]) == (1, 24)
    some = Principal(id="key:some", scopes=frozenset({"training:read"}), departments=frozenset({"Support", "Stores"}))
    async with service.ask_as(some) as limited:
        theirs = (await limited.get("/v1/learning-statistics")).json()
        assert [group["name"] for group in theirs["groups"]] == ["Support"], (
            "Stores is merged with others for everybody"
        )
        assert theirs["total"]["people"] == 10
        assert (await limited.get("/v1/learning-statistics?by=region")).json()["groups"] == []
    monkeypatch.setattr(terms(), "min_group_size", 2)
    assert len((await service.get("/v1/learning-statistics"))["groups"]) == 4
    monkeypatch.setattr(terms(), "min_group_size", 8)
    one = await service.get("/v1/learning-statistics", course="nothing", by="region")
    assert [(group["name"], group["nothing"]) for group in one["groups"]] == [("EMEA", 24)]


async def test_figures_by_department_and_by_region_do_not_tell_together_of_a_few(service: TrainingService) -> None:
    people = [("Stores", "Nord")] * 9 + [("Support", "Nord")] * 9 + [("Support", "Süd")] * 2 + [("Press", "Süd")] * 8
    for place, (department, region) in enumerate(people):
        await service.add_person(f"E-{place}", department=department, region=region)
    departments, regions = [
        {group["name"]: group["people"] for group in (await service.get("/v1/learning-statistics", by=by))["groups"]}
        for by in ("department", "region")
    ]
    assert departments == {"Support": 11, "other": 17}, "Stores and Support less Nord are two people"
    assert regions == {"Nord": 18, "Süd": 10}
