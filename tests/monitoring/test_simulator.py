"""The simulator decides as the service does, and loses nobody."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from services.monitoring.domain.conversations import conversations, inbound
from services.monitoring.domain.routing import requirements, sweeping
from services.monitoring.domain.routing.routing import Desk
from services.monitoring.domain.simulations import replaying, simulations, staffing
from services.monitoring.domain.simulations.model import Arrival, Calendar, Pool, Scenario, Terms, Worker
from services.monitoring.domain.simulations.simulator import Simulator
from services.monitoring.schemas.conversations import ConversationIn
from services.monitoring.tables import Assignment, Conversation
from shared.db import Database, Session
from tests.conftest import Templates
from tests.monitoring.organisation import KEY, add_person, certify, state_availability

WEDNESDAY = datetime(2026, 11, 25, 6, tzinfo=UTC)
DAY = 86_400.0
LANGUAGES, TOPICS = ("en", "de"), ("billing", "delivery", "product")


@dataclass
class StillClock:
    """Shows what a test sets it to."""

    at: datetime

    def now(self) -> datetime:
        """Return this instant."""
        return self.at


@pytest.fixture
def still(templates: Templates, tmp_path: Path) -> Iterator[tuple[Database, StillClock]]:
    """Open a database whose clock stands still."""
    clock = StillClock(WEDNESDAY)
    database = Database(templates.copy("sqlite", "monitoring", tmp_path), clock)
    yield database, clock
    database.stop()


def hire_some(session: Session, rng: random.Random) -> None:
    """Add a few certified people, some of whom work in shifts, and some of whom have few minutes; all topics are named."""
    for number in range(1, 6):
        add_person(session, number)
        certify(session, number)
        start = rng.randrange(6, 12)
        shift = {
            "days": [0, 1, 2, 3, 4, 5, 6],
            "start": f"{start:02}:00",
            "end": f"{start + rng.randrange(4, 9):02}:30",
        }
        state_availability(
            session,
            number,
            languages=rng.sample(LANGUAGES, rng.choice([1, 2])),
            topics=TOPICS if number == 1 else rng.sample(TOPICS, rng.choice([0, 1, 2])),
            capacity=rng.randrange(1, 4),
            weekly_minutes=rng.choice([60, 120, 1000]),
            hours=rng.choice([None, shift]),
        )


def write_in(rng: random.Random, number: int) -> ConversationIn:
    """Return what a customer writes, some of them again."""
    return ConversationIn.model_validate(
        {
            "network": "email",
            "thread": f"t-{number}",
            "customer": f"c{rng.randrange(30)}@x.example",
            "language": rng.choice([*LANGUAGES, None]),
            "topic": rng.choice([*TOPICS, None]),
            "kind": "question",
            "urgency": rng.choice([1, 1, 2]),
            "messages": [{"network_id": f"m-{number}", "text": "Hello."}],
        }
    )


@pytest.mark.parametrize("seed", range(2))
async def test_who_gets_what_is_what_the_service_decides_for_the_same_customers(
    still: tuple[Database, StillClock], seed: int
) -> None:
    db, clock = still
    rng = random.Random(seed)
    await db.write(hire_some, rng)
    at = WEDNESDAY.timestamp()
    written: list[tuple[datetime, ConversationIn]] = []
    for number in range(45):
        at += round(rng.expovariate(1 / 420), 3)
        written.append((datetime.fromtimestamp(at, UTC), write_in(rng, number)))

    simulator = Simulator(await db.read(scenario, written, rng))
    simulator.run()
    asked = simulator.scenario
    turns = {turn for one in asked.calendars for pair in one.stretches for turn in pair if turn < asked.until}
    looks = [(turn, "look", 0) for turn in turns]
    wrote = [(when.timestamp(), "arrive", number) for number, (when, _) in enumerate(written)]
    answers = [(one.answered, "answer", one.number) for one in simulator.threads if one.answered is not None]
    for when, what, number in sorted([*looks, *wrote, *answers]):
        clock.at = datetime.fromtimestamp(when, UTC)
        await db.write(happen, what, written[number][1])

    decided = [(one.conversation, one.person) for one in simulator.decisions]
    assert await db.read(given_to) == decided
    assert len(decided) > 15
    assert len({person for _, person in decided}) > 2


def scenario(session: Session, written: list[tuple[datetime, ConversationIn]], rng: random.Random) -> Scenario:
    """Return what the simulator is given of the database's people, for customers who will write."""
    required = requirements.in_force(session)
    pools = replaying.Pools(required, {})
    arrivals = [
        Arrival(
            when.timestamp(),
            pools.place(one.network, one.kind or "", one.language, one.topic),
            one.customer,
            rng.randrange(2, 50) - number / 1000,  # no two answers at one instant
            one.urgency or 0,
        )
        for number, (when, one) in enumerate(written)
    ]
    since, until = WEDNESDAY, WEDNESDAY + timedelta(days=1)
    team = staffing.Staffing(since, until, frozenset(TOPICS))
    workers = team.workers(staffing.before(staffing.everyone(session)))
    calendars = [Calendar(one) for one in team.calendars]
    stretch = since.timestamp(), until.timestamp()
    return Scenario(*stretch, arrivals, list(pools.found), workers, calendars, simulations.in_force())


def happen(session: Session, what: str, written: ConversationIn) -> None:
    """Let the service do what happens, and whoever is given something accept it at once."""
    if what == "arrive":
        inbound.push(session, written)
    elif what == "answer":
        mine = select(Conversation.id).where(col(Conversation.thread) == written.thread)
        conversations.resolve(session, session.execute(mine).scalar_one(), KEY, None)
    else:
        sweeping.sweep(session)
    for one in session.execute(select(Conversation.id).where(col(Conversation.state) == "assigned")).scalars().all():
        conversations.accept(session, one, KEY, None, None)


def given_to(session: Session) -> list[tuple[int, str]]:
    """Return who was given which conversation, in order."""
    rows = session.execute(
        select(Conversation.thread, Assignment.person)
        .join(Assignment, col(Assignment.conversation) == col(Conversation.id))
        .order_by(col(Assignment.id))
    )
    return [(int(thread.removeprefix("t-")), person) for thread, person in rows]


POOLS = [Pool((f"language:{one}",), one) for one in LANGUAGES] + [Pool(("language:el",), "el")]
SHIFTS = [
    Calendar([(0.0, DAY)]),
    Calendar([(0.2 * DAY, 0.6 * DAY), (0.7 * DAY, 0.9 * DAY)]),
    Calendar([(start * 0.05 * DAY, (start + 0.5) * 0.05 * DAY) for start in range(20)]),
    Calendar([]),
]
workers = st.builds(
    Worker,
    person=st.just(""),
    skills=st.sampled_from([("language:en",), ("language:de",), ("language:de", "language:en")]),
    capacity=st.integers(0, 3),
    weekly_minutes=st.integers(0, 300),
    calendar=st.integers(0, len(SHIFTS) - 1),
)
arrivals = st.builds(
    Arrival,
    at=st.floats(0, DAY, exclude_max=True),
    pool=st.integers(0, len(POOLS) - 1),
    customer=st.sampled_from(["a", "b", "c", "d"]),
    minutes=st.floats(1, 120),
    urgency=st.integers(0, 3),
    due=st.none() | st.floats(0, 2 * DAY),
    silences=st.sampled_from([0, 0, 0, 1, 2]),
)


class Checked(Simulator):
    """Looks, at each decision for all, whether the desk knows who has room."""

    def _desk_at(self, now: float) -> Desk:
        desk = super()._desk_at(now)
        each = self.scenario.terms.minutes_per_conversation
        team = [one.colleague(now, each) for one in self.staff]
        assert desk._room == self._rooms == [0 if one.barrier else one.room for one in team]
        return desk


@settings(max_examples=60, deadline=None)
@given(st.lists(workers, max_size=6), st.lists(arrivals, max_size=60))
def test_everyone_who_wrote_is_answered_or_with_somebody_or_in_the_queue(
    staff: list[Worker], wrote: list[Arrival]
) -> None:
    named = [replace(one, person=f"p{place}") for place, one in enumerate(staff)]
    simulator = Checked(Scenario(0.0, DAY, sorted(wrote, key=lambda one: one.at), POOLS, named, SHIFTS, Terms()))
    simulator.run()

    answered = sum(one.answered is not None for one in simulator.threads)
    assert answered + simulator.with_someone + simulator.waiting == len(wrote)
    assert sum(one.open for one in simulator.staff) == simulator.with_someone
    for one in simulator.staff:
        assert 0 <= one.open <= one.worker.capacity
        at_once = one.worker.capacity
        assert one.minutes <= one.worker.weekly_minutes + 60 * at_once, "an answer may take longer than was assumed"
    by_name = {one.worker.person: one for one in simulator.staff}
    for decision in simulator.decisions:
        thread, one = simulator.threads[decision.conversation], by_name[decision.person]
        assert {*POOLS[thread.arrival.pool].needs} <= one.skills
        assert one.calendar.covers(decision.at)
        assert decision.at >= thread.arrival.at
        assert thread.answered is None or thread.answered > thread.arrival.at
    each = simulator.scenario.terms.minutes_per_conversation
    for thread in simulator.threads:
        if thread.answered is None and not thread.held:
            needs, kept_off = {*POOLS[thread.arrival.pool].needs}, thread.given_back
            able = [one for one in simulator.staff if needs <= one.skills and one.worker.person not in kept_off]
            assert not any(one.calendar.covers(DAY - 1e-6) and one.room(DAY, each) for one in able), "nobody idles"


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=8),
    st.integers(0, 400),
    st.integers(1, 400),
)
def test_working_time_passes_second_by_second(gaps: list[tuple[int, int]], at: int, span: int) -> None:
    stretches: list[tuple[float, float]] = []
    end = 0
    for gap, length in gaps:
        stretches.append((float(end + gap), float(end + gap + length)))
        end += gap + length
    calendar = Calendar(stretches)
    seconds = [second for start, stop in stretches for second in range(int(start), int(stop)) if second >= at]
    expected = seconds[span - 1] + 1 if len(seconds) >= span else float("inf")
    assert calendar.after(at, span) == expected
    assert sum(stop - start for start, stop in calendar.between(at, at + span)) == calendar.worked(
        at + span
    ) - calendar.worked(at)


def test_who_does_not_accept_is_passed_by_and_the_next_one_is_asked() -> None:
    staff = [Worker(one, ("language:en",), 1, 600, 0) for one in ("a", "b")]
    wrote = [Arrival(60.0, 0, "kim", 10.0, silences=1)]
    simulator = Simulator(Scenario(0.0, DAY, wrote, POOLS, staff, SHIFTS))
    simulator.run()
    assert [tuple(one) for one in simulator.decisions] == [(60.0, 0, "a"), (960.0, 0, "b")]
    assert simulator.threads[0].answered == 960 + 600


def test_weekly_minutes_are_a_limit_until_the_next_monday() -> None:
    wrote = [Arrival(number * 60.0, 0, str(number), 30.0) for number in range(5)]
    one = Worker("a", ("language:en",), capacity=1, weekly_minutes=60, calendar=0)
    simulator = Simulator(Scenario(0.0, 7 * DAY, wrote, POOLS, [one], [Calendar([(0.0, 7 * DAY)])]))
    simulator.run()
    # 1970 began on a Thursday: two that take half an hour each, and two more from Monday on.
    begun = [thread.first_given for thread in simulator.threads]
    assert begun == [0.0, 1800.0, 4 * DAY, 4 * DAY + 1800, None]
