"""The load of departments and pools: what is counted, and what few people did is shown of no group."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from services.monitoring.domain.conversations import conversations, inbound, promises
from services.monitoring.domain.figures import load
from services.monitoring.domain.routing import assignments
from services.monitoring.schemas.conversations import ConversationIn, HandoffIn
from services.monitoring.schemas.promises import ServicePromiseIn
from services.monitoring.tables import Conversation
from shared.clock import ShiftedClock
from shared.context import Context, current
from shared.db import Database, Session
from tests.monitoring.organisation import KEY, add_person, certify, state_availability
from tests.monitoring.serving import MonitoringService
from tests.monitoring.test_works_council import switch, works_for


def hire_into(session: Session, department: str, numbers: Sequence[int], /, **changes: object) -> None:
    """Add certified people of a department who are online."""
    for number in numbers:
        add_person(session, number, department)
        certify(session, number)
        state_availability(session, number, **changes)


def write_in(session: Session, number: int, language: str = "en") -> str:
    """A customer writes; returns the conversation."""
    told = {
        "network": "email",
        "thread": f"t-{number}",
        "customer": f"c{number}@x.example",
        "language": language,
        "topic": "billing",
        "kind": "question",
        "urgency": 1,
        "messages": [{"network_id": f"m-{number}", "text": "Hello."}],
    }
    return inbound.push(session, ConversationIn.model_validate(told)).id


async def test_departments_and_pools_are_shown_where_enough_people_hide_each_other(
    db: Database, clock: ShiftedClock
) -> None:
    await db.write(hire_into, "Care", range(1, 10))
    await db.write(hire_into, "Press", range(21, 24), languages=["de"])
    await db.write(hire_into, "Shops", range(31, 36), languages=["en", "de"])
    clock.advance(timedelta(hours=1))
    for number in range(14):
        await db.write(write_in, number)
    for number in range(14, 18):
        await db.write(write_in, number, "de")

    report = await db.read(load.report)
    assert [(one.department, one.people) for one in report.departments] == [("Care", 9), ("other", 8)]
    assert report.handled == 18 == sum(one.handled for one in report.departments)
    assert sum(one.share for one in report.departments) == 1
    assert {one.employee_number: one.department for one in report.people}["E-21"] == "Press"
    english, german = report.pools
    assert (english.language, english.topic, english.people, english.conversations) == ("en", "billing", 14, 14)
    assert (english.handled, english.share, english.waits.p95, english.jain) == (14, 0.7778, 0.0, english.jain)
    assert 0.5 < (english.jain or 0) <= 1
    assert (german.people, german.handled, german.conversations) == (8, 4, 4)

    for departments, seen in (({"Care"}, ["Care"]), ({"Press"}, []), ({"Press", "Shops"}, ["other"])):
        before = current.set(Context(caller=replace(KEY, departments=frozenset(departments))))
        assert [one.department for one in (await db.read(load.report)).departments] == seen
        current.reset(before)


async def test_what_few_can_take_shows_customers_only(db_on_both: Database) -> None:
    db = db_on_both
    await db.write(hire_into, "Care", range(1, 10))
    await db.write(hire_into, "Care", [20], languages=["pt"])
    await db.write(write_in, 1, "pt")
    (pool,) = (await db.read(load.report)).pools
    assert (pool.people, pool.conversations, pool.queue, pool.waits.p50) == (1, 1, 0, 0.0)
    assert (pool.handled, pool.share, pool.first_answers, pool.promises_kept, pool.jain) == (None,) * 5


async def test_answers_promises_handoffs_and_silence_are_counted_in_the_days_asked_for(
    service: MonitoringService,
) -> None:
    db = service.db
    await db.write(hire_into, "Care", range(1, 9), capacity=1)
    promised = ServicePromiseIn.model_validate({"first_answer_minutes": 10, "next_answer_minutes": 10})
    await db.write(promises.put, "question", promised, None)
    first, late, passed_on, ignored = [await db.write(write_in, number) for number in range(4)]
    for one in (first, late, passed_on):
        await db.write(conversations.accept, one, KEY, None, None)
    await service.post(f"/v1/conversations/{first}/reply", {"text": "Done."})
    await db.write(conversations.hand_off, passed_on, HandoffIn(reason="Not mine."), KEY, None)
    await db.write(take_back_from_the_silent, ignored)
    await service.advance(timedelta(minutes=30))
    await service.post(f"/v1/conversations/{late}/reply", {"text": "Sorry."})

    report = await service.get("/v1/load")
    assert (report["days"], report["handed_off"], report["promises_kept"]) == (7, 1, 0.25)
    assert report["returned_for_silence"] >= 1
    assert report["first_answers"]["p50"] < 60
    assert 1800 <= report["first_answers"]["p95"] < 1900
    service.clock.advance(timedelta(days=2))
    assert (await service.get("/v1/load", days=1))["handled"] == 0
    assert (await service.get("/v1/load", days=90))["handled"] >= 4


async def test_people_in_works_council_mode_count_only_among_each_other(db: Database, clock: ShiftedClock) -> None:
    await db.write(hire_into, "Care", range(1, 18))
    for number in range(1, 9):
        await db.write(works_for, number, "Harbour GmbH")
    clock.advance(timedelta(hours=1))
    for number in range(17):
        await db.write(write_in, number)
    await db.write(switch, "Harbour GmbH", True)

    report = await db.read(load.report)
    assert [one.employee_number for one in report.people] == [f"E-{number}" for number in range(10, 18)] + ["E-9"]
    assert [(one.works_council, one.people, one.handled) for one in report.departments] == [(False, 9, 9), (True, 8, 8)]
    await db.write(works_for, 8, None)
    report = await db.read(load.report)
    assert [(one.works_council, one.people) for one in report.departments] == [(False, 10)]
    assert report.handled == sum(one.handled for one in report.people) == 10, "seven are too few to be counted at all"
    assert report.pools[0].handled is None


def take_back_from_the_silent(session: Session, conversation: str) -> None:
    assignments.lock(session)
    one = session.get_one(Conversation, conversation)
    assignments.give_to_others(session, [one], lambda _: assignments.SILENT)


async def test_a_person_alone_with_a_skill_is_not_named_in_works_council_mode(db: Database) -> None:
    await db.write(hire_into, "Care", [1], languages=["pt"])
    assert [(one.skill, one.employee_number) for one in (await db.read(load.report)).single_person] == [
        ("language:pt", "E-1")
    ]
    await db.write(switch, "*", True)
    assert [(one.skill, one.employee_number) for one in (await db.read(load.report)).single_person] == [
        ("language:pt", None)
    ]
