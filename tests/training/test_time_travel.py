"""A year of certificates under a clock that the test holds: any moment is answered right, and downtime changes nothing."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from services.training.domain.certification import certifications, decisions, expiry, measures, statuses
from services.training.domain.provisioning import people
from services.training.domain.teaching import courses
from services.training.schemas.certificates import CertificationIn, StatusesIn
from services.training.schemas.courses import CourseIn
from services.training.schemas.people import PersonPatch
from services.training.tables import Certificate, CertificateChange, Completion, Person
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.tables import outbox
from tests.conftest import Templates
from tests.servers import NatsServer
from tests.training import organisation
from tests.training.conftest import serve
from tests.training.lives import Deed, Happening, Rules, live, reckon

START = datetime(2031, 1, 1, tzinfo=UTC)
DAYS = 365
FEW = 100
TIERS = {
    "yearly": Rules(validity=200, expiring=30, grace=10, window=30, from_expiry=False),
    "chained": Rules(validity=90, expiring=20, grace=0, window=40, from_expiry=True),
}
MEASURES: dict[Deed, Callable[[Session, str, str, int | None], object]] = {
    Deed.SUSPEND: measures.suspend,
    Deed.REINSTATE: measures.reinstate,
    Deed.REVOKE: measures.revoke,
}


class StoppedClock(ShiftedClock):
    """A clock that stands where it is put."""

    at = START

    def now(self) -> datetime:
        """Return the moment it was put to."""
        return self.at


@dataclass
class World:
    """A database in which a made-up year happened."""

    db: Database
    clock: StoppedClock
    happened: list[Happening]

    async def sweep(self) -> None:
        """Let the clock do all that is due."""
        while await self.db.write(expiry.sweep):
            pass


def number(person: int) -> str:
    return f"E-{person}"


def found(session: Session, count: int) -> None:
    """Add people, a course and the tiers."""
    for person in range(count):
        people.create(session, organisation.person(person))
    courses.create(session, CourseIn(key="answering", title="Answering customers"))
    for key, rules in TIERS.items():
        renewal = {"mode": "from_expiry" if rules.from_expiry else "from_completion", "window_days": rules.window}
        tier = {"key": key, "title": key, "courses": ["answering"], "renewal": renewal, "reminder_days": [60, 7]}
        days = {"validity_days": rules.validity, "expiring_days": rules.expiring, "grace_days": rules.grace}
        certifications.create(session, CertificationIn.model_validate(tier | days))


def happen(session: Session, now: Sequence[Happening]) -> None:
    """Do what happens at one moment, all who learn together."""
    learn(session, [number(one.person) for one in now if one.deed is Deed.LEARN])
    for one in now:
        if one.deed in MEASURES:
            MEASURES[one.deed](session, current(session, one), "R", None)
        elif one.deed is not Deed.LEARN:
            people.change(session, number(one.person), PersonPatch(active=one.deed is Deed.RETURN), None)


def learn(session: Session, numbers: Sequence[str]) -> None:
    """Let people have completed the course now, as a list of completions does."""
    ids = session.execute(select(col(Person.id)).where(col(Person.employee_number).in_(numbers))).scalars().all()
    for person in ids:
        facts = {"person": person, "learnt": "course:answering", "course": "answering", "source": "lms"}
        session.add(Completion(**facts, completed_at=session.now, recorded_at=session.now))
    decisions.decide(session, dict.fromkeys(ids))


def current(session: Session, one: Happening) -> str:
    """Return the certificate that a deed is done to."""
    query = select(col(Certificate.id)).join(Person, col(Person.id) == col(Certificate.person))
    query = query.where(col(Person.employee_number) == number(one.person), col(Certificate.archived_at).is_(None))
    return str(session.execute(query.where(col(Certificate.certification) == one.tier)).scalar_one())


async def a_year(url: str, count: int, moments: Sequence[datetime], seed: int) -> World:
    """Let a year happen, sweeping at each moment."""
    clock = StoppedClock()
    world = World(Database(url, clock), clock, [])
    await world.db.write(found, count)
    for now in live(TIERS, count, moments, seed):
        clock.at = now[0].at
        await world.sweep()
        await world.db.write(happen, now)
        world.happened += now
    clock.at = START + timedelta(days=DAYS)
    await world.sweep()
    return world


def some_moments(count: int, seed: int) -> list[datetime]:
    dice = random.Random(seed)
    return sorted(START + timedelta(seconds=dice.randrange(1, DAYS * 86_400)) for _ in range(count))


def shown(items: Sequence[Any]) -> list[tuple[str, bool, datetime | None]]:
    """Return of answers, as objects or JSON, what the reckoning says as well."""
    rows = [item if isinstance(item, dict) else item.model_dump() for item in items]
    until = [row["certified_until"] for row in rows]
    times = [datetime.fromisoformat(one) if isinstance(one, str) else one for one in until]
    return [(str(row["status"]), row["certified"], at) for row, at in zip(rows, times, strict=True)]


@pytest.mark.timeout(120)
async def test_any_moment_of_a_year_of_1000_people_is_answered_as_plain_reckoning_says(
    tmp_path: Path, templates: Templates, nats: NatsServer
) -> None:
    count, dice = 1000, random.Random(7)
    url = templates.copy("sqlite", "training", tmp_path)
    world = await a_year(url, count, some_moments(80, seed=1), seed=2)
    lives = reckon(TIERS, world.happened, world.clock.at)
    assert sum(len(life.papers) for life in lives.values()) > 2 * count, "much happened"

    def expected(person: int, tier: str, at: datetime) -> tuple[str, bool, datetime | None]:
        life = lives.get((person, tier))
        status, until = life.answer(at) if life else ("none", None)
        return status, until is not None, until

    def any_moment() -> datetime:
        return START + timedelta(seconds=dice.uniform(-5 * 86_400, DAYS * 86_400))

    edges = [at for life in lives.values() for paper in life.papers for at in (paper.issued, paper.opens, paper.ends)]
    asked = [(dice.randrange(count), dice.choice(list(TIERS)), any_moment()) for _ in range(9000)]
    asked += [
        (dice.randrange(count), dice.choice(list(TIERS)), at) for at in dice.sample(edges, 1000) if at <= world.clock.at
    ]

    def ask(session: Session) -> list[tuple[str, bool, datetime | None]]:
        answers = [
            statuses.find(session, StatusesIn(employee_numbers=[number(person)], certification=tier, as_of=at)).items
            for person, tier, at in asked
        ]
        return [one for items in answers for one in shown(items)]

    answered = await world.db.read(ask)
    world.db.stop()
    wrong = [(one, got, expected(*one)) for one, got in zip(asked, answered, strict=True) if got != expected(*one)]
    assert wrong == []
    assert {status for status, _, _ in answered} == {"valid", "expiring", "expired", "suspended", "revoked", "none"}

    async with serve(tmp_path, nats.url, url, world.clock) as service:
        for _ in range(100):
            some, tier, at = dice.sample(range(count), 100), dice.choice(list(TIERS)), any_moment()
            body = {
                "employee_numbers": [number(person) for person in some],
                "certification": tier,
                "as_of": at.isoformat(),
            }
            items = (await service.post("/v1/certificate-statuses", body))["items"]
            assert shown(items) == [expected(person, tier, at) for person in some]


def told(session: Session) -> dict[tuple[str, str, int], list[Any]]:
    """Return what was told of each certificate, in order, without when; certificates by holder, tier and number."""
    names = {
        row.id: (row.person, row.certification, row.sequence) for row in session.execute(select(Certificate)).scalars()
    }
    numbers = {row.id: row.employee_number for row in session.execute(select(Person)).scalars()}
    said: dict[tuple[str, str, int], list[Any]] = defaultdict(list)
    events = select(outbox.c.type, outbox.c.body).where(outbox.c.type.like("training.certificate.%"))
    for event_type, body in session.execute(events.order_by(outbox.c.seq)):
        data = orjson.loads(body)["data"]
        person, tier, sequence = names[data.pop("id")]
        data |= {"person": numbers[person], "replaces": names.get(data.get("replaces") or "", ("", "", 0))[2]}
        data.pop("days_left", None)
        said[numbers[person], tier, sequence].append((event_type, data))
    changes = session.execute(select(CertificateChange).order_by(col(CertificateChange.position))).scalars()
    for change in changes:
        person, tier, sequence = names[change.certificate] if change.certificate else (change.person, "", 0)
        what = (change.change, change.status, change.effective_at, change.actor, change.reason)
        said[numbers[person], tier, sequence].append(what)
    return dict(said)


@pytest.mark.timeout(60)
async def test_a_week_of_downtime_changes_nothing_but_the_time_of_the_events(
    tmp_path: Path, templates: Templates
) -> None:
    moments = some_moments(80, seed=3)
    down = (START + timedelta(days=180), START + timedelta(days=187))
    quiet = [at for at in moments if not down[0] < at < down[1]]
    within = sorted([*quiet, *(down[0] + timedelta(hours=hours) for hours in range(1, 168, 12))])
    heard = []
    entered = []
    for name, ticks in (("up", within), ("down", quiet)):
        folder = tmp_path / name
        folder.mkdir()
        world = await a_life_with(templates.copy("sqlite", "training", folder), quiet, ticks)
        heard.append(await world.db.read(told))
        entered.append(await world.db.read(entered_between, *down))
        world.db.stop()

    assert len(heard[0]) > FEW
    assert heard[0] == heard[1]
    assert entered[0] > entered[1] == 0, "only the time at which it was entered differs"


async def a_life_with(url: str, moments: Sequence[datetime], ticks: Sequence[datetime]) -> World:
    """Let a year happen at some moments, and sweep at others; the same year for the same moments."""
    clock = StoppedClock()
    world = World(Database(url, clock), clock, [])
    await world.db.write(found, FEW)
    happenings = {now[0].at: now for now in live(TIERS, FEW, moments, seed=4)}
    for at in [*ticks, START + timedelta(days=DAYS)]:
        clock.at = at
        await world.sweep()
        await world.db.write(happen, happenings.get(at, []))
    return world


def entered_between(session: Session, start: datetime, end: datetime) -> int:
    """Return how many changes were entered in a span of time."""
    at = col(CertificateChange.at)
    return int(session.execute(select(func.count()).where(at > start, at < end)).scalar_one())
