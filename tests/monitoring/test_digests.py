"""Weeks to look back on: one's own for each person, by department for enough people, told once."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from services.monitoring.domain import accounts
from services.monitoring.domain.coaching.digests import last_week, period
from services.monitoring.domain.posts import posts
from services.monitoring.schemas.accounts import AccountIn
from services.monitoring.schemas.digests import first_day, named
from services.monitoring.settings import terms
from tests.monitoring.organisation import KEY, add_person, hire, person_id, post, words_rule
from tests.monitoring.serving import MonitoringService, refused


async def write(service: MonitoringService, number: int, text: str, author: int = 1) -> str:
    """Let somebody of ours write a post; return its id."""
    one = post(f"{author}-{number}", text, kind="staff", author=f"@e{author}", posted_at=service.clock.now())
    (kept,) = await service.db.write(posts.ingest, [one])
    assert kept.id is not None
    return kept.id


async def guide(coach: httpx.AsyncClient) -> dict[str, Any]:
    """Let a coach take on what comes next and say something about it."""
    claimed = (await coach.post("/v1/coaching-queue/claims", json={})).json()
    given = await coach.post(f"/v1/findings/{claimed['id']}/guidance", json={"message": "Gently."})
    assert given.status_code == 201, given.text
    content: dict[str, Any] = given.json()
    return content


@pytest.fixture
async def service(service: MonitoringService) -> MonitoringService:
    """Run a service on a Tuesday, where E-1 and E-2 of Support write, E-9 coaches, and Support has eight people."""
    now = service.clock.now()
    days = (1 - now.weekday()) % 7
    service.clock.advance((now + timedelta(days=days)).replace(hour=12, minute=0) - now)
    await service.bring_into_force([words_rule("brag", "tone", "best")])
    await hire(service.db, 1)
    for number in range(2, 9):
        await service.db.write(add_person, number)
    for number in (9, 10):
        await service.db.write(add_person, number, "Press")
    for number in (1, 2):
        own = AccountIn(network="mastodon", handle=f"e{number}", kind="staff", employee_number=f"E-{number}")
        await service.db.write(accounts.register, own, KEY)
    return service


async def lived(service: MonitoringService) -> None:
    """Let E-1 answer a customer, be corrected and praised, and let the week go by."""
    conversation = await service.push()
    await service.post(f"/v1/conversations/{conversation['id']}/reply", {"text": "Soon."})
    await write(service, 1, "We are the best")
    coach = service.as_person(9, "monitoring:read", "monitoring:write")
    given = await guide(coach)
    await service.as_person(1).post(f"/v1/guidance/{given['id']}/acknowledgement", json={})
    kind = {"post": await write(service, 2, "How can I help?"), "message": "Well asked."}
    assert (await coach.post("/v1/guidance", json=kind)).status_code == 201
    await service.advance(timedelta(days=7))


async def test_a_person_looks_back_on_their_week_and_nobody_else_who_signed_in_does(service: MonitoringService) -> None:
    await lived(service)
    mine = (await service.as_person(1).get("/v1/digests")).json()
    assert {key: mine[key] for key in ("praise", "corrections", "findings", "answered")} == {
        "praise": 1,
        "corrections": 1,
        "findings": 1,
        "answered": 1,
    }
    assert len(mine["unread_guidance"]) == 1
    assert mine["week"] == named(last_week(service.clock.now()))
    for_them = await service.get("/v1/digests", employee_number="E-1", week=mine["week"])
    assert for_them == mine
    running = named(last_week(service.clock.now()) + timedelta(days=7))
    assert (await service.as_person(1).get("/v1/digests", params={"week": running})).json()["answered"] == 0
    coach = service.as_person(9, "monitoring:read", "monitoring:write")
    assert refused(await coach.get("/v1/digests", params={"employee_number": "E-1"})) == (404, "not-found")
    assert refused(await service.client.get("/v1/digests")) == (422, "whose-digest")
    for wrong in ("2026-W60", "yesterday"):
        assert (await service.as_person(1).get("/v1/digests", params={"week": wrong})).status_code == 422


async def test_departments_look_back_together_if_they_are_small(service: MonitoringService) -> None:
    await lived(service)
    week = await service.get("/v1/department-digests")
    shown = [(one["department"], one["people"], one["corrections"], one["merged"]) for one in week["items"]]
    assert shown == [("other", 10, 1, 2)], "Press has two people: alone, Support would say what they did"
    for number in range(20, 26):
        await service.db.write(add_person, number, "Press")
    week = await service.get("/v1/department-digests")
    assert [(one["department"], one["answered"]) for one in week["items"]] == [("Press", 0), ("Support", 1)]


async def test_a_week_is_told_once_from_the_stated_hour_on_without_what_is_in_it(service: MonitoringService) -> None:
    await lived(service)
    for _ in range(2):
        await service.advance(timedelta(minutes=1))
    told = await service.told("monitoring.digest.ready.v1")
    subjects = [(one["person"], one["department"]) for one in told]
    assert subjects == [(person_id(1), None), (None, "Support")]
    assert {key for one in told for key in one} == {"id", "week", "person", "department", "ready_at"}
    await service.advance(timedelta(days=5, hours=18))
    assert len(await service.told("monitoring.digest.ready.v1")) == 2, "it is Monday, and early"
    await service.advance(timedelta(hours=2))
    later = (await service.told("monitoring.digest.ready.v1"))[2:]
    assert [(one["person"], one["department"]) for one in later] == [(None, "Support")], "E-1 did nothing that week"


async def test_after_some_corrections_a_coach_is_asked_for_praise_until_they_praise(
    service: MonitoringService,
) -> None:
    coach = service.as_person(9, "monitoring:read", "monitoring:write")
    fine = await write(service, 99, "How can I help?", 2)

    async def asked() -> Sequence[Any] | None:
        wanted = (await coach.get("/v1/coaching-queue")).json()["praise"]
        return None if wanted is None else (wanted["corrections"], wanted["posts"])

    for number in range(terms().praise_after):
        assert await asked() is None
        await write(service, number, "We are the best")
        await guide(coach)
    assert await asked() == (terms().praise_after, [fine])
    assert (await coach.post("/v1/guidance", json={"post": fine, "message": "Well asked."})).status_code == 201
    assert await asked() is None


def test_a_week_is_as_long_as_its_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARELOAD_MONITORING_DIGEST_ZONE", "Europe/Oslo")
    terms.cache_clear()
    begins, ends = period(first_day("2026-W43"))
    terms.cache_clear()
    assert ends - begins == timedelta(days=7, hours=1), "summer time ended on 25 October 2026"
    assert [named(date(2026, 12, 28)), named(date(2027, 1, 4))] == ["2026-W53", "2027-W01"]
