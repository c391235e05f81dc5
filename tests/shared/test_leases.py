"""Relay, handlers and timers run in one process of a service; another takes over when it ends."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from shared.bus import Bus
from shared.db import Database, Session
from shared.problems import Problem
from shared.timers import Timers
from tests.shared.conftest import Node, Services, listening, person

WITHIN = 10.0


async def leads(node: Node) -> float:
    """Wait until a process leads; return the seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(WITHIN):
        while not (await node.backbone.state()).leader:  # noqa: ASYNC110  the state is asked for, as an operator does
            await asyncio.sleep(0.02)
    return time.monotonic() - began


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():  # noqa: ASYNC110  it comes true in the database's threads
            await asyncio.sleep(0.02)


async def test_another_process_takes_over_when_the_leader_ends(services: Services) -> None:
    teller = await services.start("training")
    first = await services.start("policy", listening())
    await leads(first)
    second = await services.start("policy", listening())
    await teller.tell(*(person(n) for n in range(20)))
    await services.settle()
    assert not (await second.backbone.state()).leader

    await services.stop(first)
    await teller.tell(*(person(n) for n in range(20, 40)))
    assert await leads(second) < 3
    await services.converge(teller, second)


async def test_what_a_follower_tells_is_published_by_the_leader_at_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay.POLL", 3600)
    leader = await services.start("training")
    await leads(leader)
    follower = await services.start("training")
    hearer = await services.start("policy", listening())
    await services.settle()
    await follower.tell(person(1))
    await services.converge(leader, hearer)


async def test_a_leader_that_loses_its_lock_stops_working(services: Services, database_kind: str) -> None:
    if database_kind != "postgresql":
        pytest.skip("a lock on a file can only end with its process")
    runs: list[str] = []

    def timed(name: str) -> Timers:
        timers = Timers()

        @timers.every(seconds=0.05)
        def sweep(session: Session) -> None:
            assert session.now
            runs.append(name)

        return timers

    first = await services.start("training", timers=timed("first"))
    await leads(first)
    second = await services.start("training", timers=timed("second"))
    await first.db.write(cut_locks)
    await leads_alone(first, second)
    runs.clear()
    await until(lambda: len(runs) >= 5)
    assert len(set(runs)) == 1


def cut_locks(session: Session) -> None:
    """End the connections that hold advisory locks, as a network that breaks does."""
    session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    )


async def leads_alone(*nodes: Node) -> None:
    """Wait until exactly one process leads, at two looks one after the other."""
    calm = 0
    async with asyncio.timeout(WITHIN):
        while calm < 2:
            leading = [node for node in nodes if (await node.backbone.state()).leader]
            calm = calm + 1 if len(leading) == 1 else 0
            await asyncio.sleep(0.6)


async def test_a_timer_that_fails_runs_again_and_the_others_go_on(services: Services) -> None:
    runs = {"failing": 0, "sound": 0}
    timers = Timers()

    @timers.every(seconds=0.02)
    def failing(session: Session) -> None:
        runs["failing"] += 1
        raise LookupError(session.now)

    @timers.every(seconds=0.02)
    def sound(session: Session) -> None:
        assert session.now
        runs["sound"] += 1

    await services.start("training", timers=timers)
    await until(lambda: min(runs.values()) >= 3)


async def test_a_worker_that_breaks_off_is_begun_again_and_ends_nobody_elses_work(services: Services) -> None:
    began: list[str] = []

    async def failing(db: Database, _bus: Bus) -> None:
        began.append("failing")
        await db.read(lambda session: session.execute(text("SELECT 1")).all())
        raise LookupError("a fault")

    async def sound(_db: Database, _bus: Bus) -> None:
        began.append("sound")
        await asyncio.Event().wait()

    node = await services.start("training", workers=[failing, sound])
    await until(lambda: began.count("failing") >= 2)
    assert began.count("sound") == 1
    assert (await node.backbone.state()).leader


async def test_a_database_that_breaks_its_connections_loses_and_doubles_nothing(
    services: Services, database_kind: str
) -> None:
    if database_kind != "postgresql":
        pytest.skip("SQLite has no connections that break")
    teller = await services.start("training")
    hearer = await services.start("policy", listening())

    async def load() -> None:
        for n in range(200):
            await teller.tell(person(n))

    loading = asyncio.create_task(load())
    for _ in range(5):
        await asyncio.sleep(0.1)
        with contextlib.suppress(Problem):
            await hearer.db.write(cut_all)
    await loading
    await services.converge(teller, hearer)
    assert (await hearer.backbone.state()).dead_letters == 0


def cut_all(session: Session) -> None:
    """End every connection to this database, as a server that restarts does."""
    session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
