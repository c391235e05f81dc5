"""Everything dies at random under load, and nothing that was answered is lost, and nothing is there twice.

Proves, over real processes: each service and the broker is killed with SIGKILL while requests are in flight; each
service's relay dies exactly between publishing and noting it; a relay stays away for longer than the broker remembers
ids, so that repeats do reach the stream; the broker is away for a while. Clients send again with the same
Idempotency-Key until they are answered. In the end every database, the stream and the public log agree.

Does not prove that data is on the disk: the page cache of a killed process survives. `test_fsync.py` looks at that.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from services import SERVICES
from shared.relay import FAULT
from shared.streams import StreamSettings, ensure_stream
from tests.faults.copies import Copies
from tests.faults.load import Load
from tests.faults.processes import Fleet, bus_to, until

BROKER = "nats-server"
DIED_BY_ITSELF = 137
WINDOW = 1.0
"""Seconds for which the broker remembers ids while a relay stays away for longer than that."""
CONVERGED_WITHIN = 10.0


@dataclass(frozen=True)
class Round:
    """How much dies: `kills` of each service and of the broker, and for how many seconds the broker is away."""

    kills: int
    away: float
    people: int


@dataclass
class Deaths:
    """Kills what the load is using at that moment, and notes it."""

    fleet: Fleet
    load: Load
    killed: Counter[str] = field(default_factory=Counter)
    between: Counter[str] = field(default_factory=Counter)

    async def under_load(self, name: str) -> None:
        """Wait until a request is in flight at a service, or anywhere in case of the broker."""
        where = "gateway" if name == BROKER else name
        await until(lambda: self.load.in_flight[where] > 0, f"a request to {where}")
        self.load.check()

    async def kill_service(self, name: str) -> None:
        """Kill a service, let its next life end between publish and mark, and start it for good."""
        await self.fleet.ready(name)
        await self.under_load(name)
        self.fleet.kill(name)
        assert await self.fleet.gone(name) == -9
        self.killed[name] += 1
        await self.die_between(name)
        self.fleet.start(name)

    async def die_between(self, name: str) -> None:
        """Start a service so that its relay dies between publishing and noting it, and wait for that."""
        self.fleet.start(name, fault=f"{FAULT}:{random.randint(1, 3)}")
        assert await self.fleet.gone(name) == DIED_BY_ITSELF
        self.between[name] += 1

    async def kill_broker(self, away: float = 0.0) -> None:
        """Kill the broker and start it again after so many seconds."""
        await self.under_load(BROKER)
        self.fleet.broker.kill()
        self.killed[BROKER] += 1
        await asyncio.sleep(away)
        await asyncio.to_thread(self.fleet.broker.start)

    async def outlast_the_window(self, name: str) -> None:
        """Let a relay die between publish and mark and come back when the broker has forgotten the ids."""
        await self.fleet.ready(name)
        self.fleet.kill(name)
        await self.fleet.gone(name)
        await self.die_between(name)
        # The broker looks for ids to forget once a window, so one may be two windows old before it goes.
        await asyncio.sleep(4 * WINDOW)
        self.fleet.start(name)


SHORT = Round(kills=1, away=3, people=40)
LONG = Round(kills=5, away=20, people=200)
for_long = [pytest.mark.long, pytest.mark.timeout(1200)]


@pytest.mark.parametrize(
    ("measure", "database"),
    [
        pytest.param(SHORT, "sqlite", id="short", marks=pytest.mark.timeout(240)),
        pytest.param(LONG, "sqlite", id="long", marks=for_long),
        pytest.param(LONG, "postgresql", id="long-postgresql", marks=for_long),
    ],
)
async def test_what_was_answered_is_everywhere_once_whatever_died(fleet: Fleet, measure: Round) -> None:
    load = Load(fleet)
    try:
        await load.prepare(measure.people)
        load.start()
        deaths = await let_die(fleet, load, measure)
        await load.finish()
    finally:
        await load.stop()
    converged = await fleet.settled(within=CONVERGED_WITHIN)
    print(f"\n{dict(deaths.killed)} killed, {dict(deaths.between)} between publish and mark,")
    print(
        f"{load.unanswered.total()} requests sent again, {len(load.posts)} posts, {len(load.certified)} certificates,"
    )
    print(f"converged after {converged:.1f} s")
    with Copies(fleet) as copies:
        await until(copies.all_sealed, "the seal of the last evidence", within=10)
        copies.check_evidence()
        check_answers(load, copies)
        copies.check_told()
        assert await copies.check_events() > 0, "no repeat reached the stream: the outage was no test of it"
    assert deaths.killed == Counter(dict.fromkeys((*SERVICES, BROKER), measure.kills)) + Counter([BROKER])
    assert min(deaths.between[name] for name in SERVICES) >= measure.kills


async def let_die(fleet: Fleet, load: Load, measure: Round) -> Deaths:
    """Kill everything so often, in random order, then take the broker away, then one relay for longer than the window."""
    deaths = Deaths(fleet, load)
    victims = [*SERVICES, BROKER] * measure.kills
    random.shuffle(victims)
    for victim in victims:
        await (deaths.kill_broker() if victim == BROKER else deaths.kill_service(victim))
    # Before the broker's last start: a running one goes on forgetting by the window that it had.
    async with bus_to(fleet.broker.url) as bus:
        await ensure_stream(bus, StreamSettings(duplicate_window=WINDOW))
    await deaths.kill_broker(measure.away)
    await deaths.outlast_the_window("monitoring")
    await fleet.ready()
    return deaths


def check_answers(load: Load, copies: Copies) -> None:
    """Compare what the clients were answered with what is there: all of it, once, and nothing else."""
    people = copies.people()
    assert {number: people[number] for number in load.people} == load.people
    assert copies.posts() == load.posts
    assert copies.findings() == sorted(load.matching)
    assert copies.acknowledgements() == {people[number]: receipt for number, receipt in load.acknowledgements.items()}
    certified = sorted(people[number] for number in load.certified)
    assert copies.completions() == copies.certificates() == certified
    assert copies.attempts() == sorted(load.submissions.values())
    assert copies.keys() >= set(load.keys.values())
