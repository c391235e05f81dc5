"""Customers are promised an answer: due by business time, told of when it is late, counted by kind."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.domain.conversations.promises import due
from shared.clock import ShiftedClock
from tests.monitoring.organisation import hire
from tests.monitoring.serving import MonitoringService, refused

OFFICE = {"zone": "Europe/Berlin", "days": [0, 1, 2, 3, 4], "start": "09:00", "end": "17:00"}
MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 3, 20, tzinfo=UTC)
"""Before the clocks of Europe go forward."""


def by_the_minute(start: datetime, minutes: int, hours: dict[str, Any], holidays: set[str]) -> datetime:
    """Count business minutes one after the other, by the clock on the wall."""
    zone, passed, now = ZoneInfo(hours["zone"]), 0, start
    while passed < minutes:
        local = now.astimezone(zone)
        clock = local.strftime("%H:%M")
        counts = local.weekday() in hours["days"] and local.date().isoformat() not in holidays
        passed += counts and hours["start"] <= clock < hours["end"]
        now += MINUTE
    return now


@settings(max_examples=50, deadline=None)
@given(
    start=st.integers(0, 16 * 24 * 60).map(lambda minutes: FIRST + minutes * MINUTE),
    minutes=st.integers(1, 1500),
    days=st.sets(st.integers(0, 6), min_size=2),
    holidays=st.sets(st.integers(0, 20)),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_business_time_goes_by_the_clock_of_its_zone_and_stands_still_on_holidays(
    start: datetime, minutes: int, days: set[int], holidays: set[int], zone: str
) -> None:
    free = {(FIRST.date() + timedelta(days=number)).isoformat() for number in holidays}
    hours = {**OFFICE, "zone": zone, "days": sorted(days)}
    assert due(start, minutes, hours, free) == by_the_minute(start, minutes, hours, free)


def test_holidays_without_hours_are_whole_days_and_a_promise_that_no_day_keeps_ends_all_the_same() -> None:
    eve = datetime(2026, 12, 24, 23, tzinfo=UTC)
    assert due(eve, 120, None, {"2026-12-25"}) == datetime(2026, 12, 26, 1, tzinfo=UTC)
    assert due(eve, 120, {**OFFICE, "days": []}, set()) > eve + timedelta(days=365)


async def promise(service: MonitoringService, kind: str, first: int, following: int = 60) -> None:
    body = {"first_answer_minutes": first, "next_answer_minutes": following}
    answer = await service.client.put(f"/v1/service-promises/{kind}", json=body)
    assert answer.status_code == 200, answer.text


async def test_each_kind_has_its_own_promise_and_an_answer_in_time_keeps_it(service: MonitoringService) -> None:
    await promise(service, "complaint", 30, 90)
    await promise(service, "other", 240)
    await hire(service.db, 1)
    opened = service.clock.now()
    angry = await service.push("t-1", kind="complaint")
    calm = await service.push("t-2", kind="praise")
    due_in = [datetime.fromisoformat(one["due_at"]) - opened for one in (angry, calm)]
    assert [round(span / MINUTE) for span in due_in] == [30, 240]

    await service.advance(timedelta(minutes=10))
    await service.post(f"/v1/conversations/{angry['id']}/reply", {"text": "On its way."})
    again = await service.push("t-1", "And when?", kind="complaint")
    assert round((datetime.fromisoformat(again["due_at"]) - service.clock.now()) / MINUTE) == 90
    await service.post(f"/v1/conversations/{calm['id']}/resolution")
    figures = (await service.get("/v1/service-figures"))["items"]
    counts = {(one["kind"], one["nth"]): (one["kept"], one["waiting"]) for one in figures}
    assert counts == {("complaint", "first"): (1, 0), ("complaint", "next"): (0, 1)}, "who was resolved needs none"


async def test_a_late_answer_is_told_of_once_and_counted_as_broken(service: MonitoringService) -> None:
    await promise(service, "other", 30)
    await hire(service.db, 1, capacity=1)
    waiting = await service.push("t-1")
    before = await service.client.get(f"/v1/conversations/{waiting['id']}")
    for _ in range(2):
        await service.advance(timedelta(minutes=31))
    told = await service.told("monitoring.conversation.overdue.v1")
    assert [one["id"] for one in told] == [waiting["id"]]
    late = await service.client.get(
        f"/v1/conversations/{waiting['id']}", headers={"If-None-Match": before.headers["ETag"]}
    )
    assert late.json()["overdue"] is True
    assert [one["id"] for one in (await service.get("/v1/conversations", overdue=True))["items"]] == [waiting["id"]]
    assert (await service.get("/v1/conversations", overdue=False))["items"] == []
    assert (await service.get("/v1/conversations", overdue=True, kind="crisis"))["items"] == []
    await hire(service.db, 2)
    await service.post(f"/v1/conversations/{waiting['id']}/reply", {"text": "Here it is."})
    (figures,) = (await service.get("/v1/service-figures"))["items"]
    assert (figures["kept"], figures["broken"], figures["overdue"]) == (0, 1, 0)
    assert (await service.get(f"/v1/conversations/{waiting['id']}"))["due_at"] is None


async def test_the_most_urgent_comes_first_then_what_is_due_first(service: MonitoringService) -> None:
    await promise(service, "complaint", 10)
    await promise(service, "other", 600)
    threads: dict[str, dict[str, Any]] = {"calm": {}, "angry": {"kind": "complaint"}, "crisis": {"urgency": 3}}
    for thread, changes in threads.items():
        await service.push(thread, **changes)
        service.clock.advance(timedelta(seconds=1))
    order = []
    for number in range(1, 4):
        await hire(service.db, number, capacity=1)
        items = (await service.get("/v1/conversations", employee_number=f"E-{number}"))["items"]
        order += [one["thread"] for one in items]
    assert order == ["crisis", "angry", "calm"]


async def test_a_promise_is_changed_on_the_revision_that_was_read(
    service: MonitoringService, clock: ShiftedClock
) -> None:
    del clock
    await promise(service, "crisis", 5)
    path = "/v1/service-promises/crisis"
    read = await service.client.get(path)
    body = {"first_answer_minutes": 10, "next_answer_minutes": 10, "hours": OFFICE, "holidays": ["2026-12-25"]}
    changed = await service.client.put(path, json=body, headers={"If-Match": read.headers["ETag"]})
    assert changed.json()["holidays"] == ["2026-12-25"]
    for stale in (
        await service.client.put(path, json=body, headers={"If-Match": read.headers["ETag"]}),
        await service.client.delete(path, headers={"If-Match": read.headers["ETag"]}),
    ):
        assert refused(stale) == (412, "stale")
    assert (await service.client.delete(path)).status_code == 204
    assert refused(await service.client.get(path)) == (404, "not-found")
    unknown = await service.client.put("/v1/service-promises/gossip", json=body)
    assert refused(unknown) == (422, "invalid")
    nowhere = await service.client.put(path, json=body | {"hours": OFFICE | {"zone": "Berlin"}})
    assert nowhere.json()["errors"] == [{"pointer": "/hours/zone", "detail": "is not an IANA time zone"}]
