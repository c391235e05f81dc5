"""Where units of work are run: short ones by the event loop, long ones beside it, and neither holds it up."""

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, text

from shared.db import Database, Session, StorageUnavailable, Unit
from shared.marks import write_marks

OpenDatabase = Callable[[str], Database]


@pytest.fixture
def db(open_database: OpenDatabase) -> Database:
    return open_database("backbone")


def where(session: Session) -> int:
    session.execute(text("SELECT 1"))
    return threading.get_ident()


def compute(session: Session, seconds: float) -> int:
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        session.execute(text("SELECT 1"))
    return threading.get_ident()


def ask_where(run: Callable[[Callable[[Session], int]], Coroutine[Any, Any, int]]) -> "asyncio.Future[int]":
    return asyncio.ensure_future(run(where))


async def where_it_settles(ask: Callable[[], "asyncio.Future[int]"]) -> int:
    """Ask until ten answers in a row came from one thread, for what is slow the first time may be quick later."""
    seen: list[int] = []
    while len(seen) < 10 or len(set(seen[-10:])) > 1:
        seen.append(await ask())
        assert len(seen) < 500
    return seen[-1]


@pytest.mark.parametrize("how", ["read", "write"])
async def test_a_unit_that_is_short_is_run_by_the_loop(db: Database, how: str) -> None:
    run = db.read if how == "read" else db.write
    assert await where_it_settles(lambda: asyncio.ensure_future(run(where))) == threading.get_ident()


@pytest.mark.parametrize("how", ["read", "write"])
async def test_a_unit_that_computes_for_long_is_not_run_by_the_loop(db: Database, how: str) -> None:
    run = db.read if how == "read" else db.write
    ran = [await run(compute, 0.02) for _ in range(5)]
    assert threading.get_ident() not in ran


def look_at_each(session: Session, things: list[int]) -> int:
    for _ in things:
        compute(session, 0.001)
    return threading.get_ident()


async def test_a_unit_that_was_short_on_few_things_is_not_run_by_the_loop_on_many(db: Database) -> None:
    few = await where_it_settles(lambda: asyncio.ensure_future(db.write(look_at_each, [1])))
    assert few == threading.get_ident()
    assert await db.write(look_at_each, [1] * 30) != threading.get_ident()


def compute_then_wait(session: Session, seconds: float) -> int:
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass
    session.execute(text("SELECT 1"))
    return threading.get_ident()


@pytest.mark.parametrize("how", ["read", "write"])
async def test_a_unit_that_grows_leaves_the_loop_though_it_ends_with_a_short_wait(db: Database, how: str) -> None:
    run = db.read if how == "read" else db.write
    short = await where_it_settles(lambda: asyncio.ensure_future(run(compute_then_wait, 0)))
    assert short == threading.get_ident()
    ran = [await run(compute_then_wait, 0.02) for _ in range(3)]
    assert ran[-1] != threading.get_ident()


def wait_in_the_database(session: Session, seconds: float) -> int:
    session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
    return threading.get_ident()


@pytest.mark.parametrize("how", ["read", "write"])
async def test_while_the_database_thinks_the_loop_goes_on(db: Database, how: str) -> None:
    if db.dialect != "postgresql":
        pytest.skip("SQLite thinks in this process")
    run = db.read if how == "read" else db.write
    assert await where_it_settles(lambda: asyncio.ensure_future(run(wait_in_the_database, 0))) == threading.get_ident()
    slow = [asyncio.ensure_future(run(wait_in_the_database, 0.5)) for _ in range(3)]
    turns = 0
    while not all(each.done() for each in slow):
        await asyncio.sleep(0.01)
        turns += 1
    assert [each.result() for each in slow] == [threading.get_ident()] * 3
    assert turns > 10


async def test_connections_that_the_server_closed_meanwhile_are_replaced(db: Database) -> None:
    if db.dialect != "postgresql":
        pytest.skip("SQLite has no server")
    for run in (db.read, db.write):
        await where_it_settles(partial(ask_where, run))
    with db.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    for run in (db.read, db.write):
        assert await asyncio.gather(*(run(where) for _ in range(20)))


def lose_the_connection(session: Session, engine: Engine) -> None:
    """Have the server hang up just before psycopg sends a pipeline, which notices while it writes."""
    pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with engine.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 1000)"), {"pid": pid})
    mark_many(session)


@pytest.mark.parametrize("by", ["loop", "thread"])
async def test_a_connection_that_was_lost_raises_nothing_when_it_is_collected(
    db: Database, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.dialect != "postgresql":
        pytest.skip("SQLite has no server")
    out_of_reach: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: out_of_reach.append(it.exc_value))
    unit = Unit(lose_the_connection, (db.engine,))
    for _ in range(5):
        if by == "thread":
            (done, _other) = await db.write_all([unit, Unit(where)])
            assert isinstance(done.error, StorageUnavailable)
        else:
            with pytest.raises(StorageUnavailable):
                await db.run(unit)
        gc.collect()
    assert out_of_reach == []
    assert await db.read(where)


async def test_a_caller_that_goes_away_leaves_the_others_their_answers(db: Database) -> None:
    await where_it_settles(lambda: asyncio.ensure_future(db.write(where)))
    going = [asyncio.ensure_future(db.write(where)) for _ in range(30)]
    await asyncio.sleep(0)
    for each in going[::2]:
        each.cancel()
    outcome = await asyncio.gather(*going, return_exceptions=True)
    assert all(isinstance(each, int) for each in outcome[1::2])
    assert isinstance(await db.read(where), int)


def mark_many(session: Session) -> None:
    """Write what psycopg sends as a pipeline."""
    write_marks(session, {f"mark {number}": "set" for number in range(100)})


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8])
async def test_a_write_that_is_cancelled_at_any_moment_says_so_and_nothing_else(db: Database, turns: int) -> None:
    for _ in range(5):
        await db.write(mark_many)
    going = [asyncio.ensure_future(db.write(mark_many)) for _ in range(4)]
    for _ in range(turns):
        await asyncio.sleep(0.001)
    for each in going:
        each.cancel()
    outcome = await asyncio.gather(*going, return_exceptions=True)
    assert all(each is None or isinstance(each, asyncio.CancelledError) for each in outcome), outcome
    await db.write(mark_many)
