"""Units of work: all of one or nothing of it, answered only after the commit, on both databases."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.clock import ShiftedClock
from shared.db import Database, Session, SqliteWriter, StorageUnavailable, Unit
from shared.marks import write_mark
from shared.statements import insert_into
from shared.tables import counters, marks
from tests.conftest import Templates

OpenDatabase = Callable[[str], Database]


@pytest.fixture
def db(open_database: OpenDatabase) -> Database:
    return open_database("backbone")


def put(session: Session, name: str, value: str = "x") -> str:
    session.execute(insert(marks), [{"name": name, "value": value}])
    return name


def put_and_fail(session: Session, name: str) -> None:
    put(session, name)
    raise LookupError(name)


def names(session: Session) -> set[str]:
    return set(session.execute(select(marks.c.name).where(marks.c.name.like("test-%"))).scalars())


async def test_a_failing_unit_leaves_nothing_and_its_neighbours_in_the_commit_stay(db: Database) -> None:
    units = [db.write(put_and_fail if n % 3 == 0 else put, f"test-{n}") for n in range(60)]
    outcome = await asyncio.gather(*units, return_exceptions=True)

    assert [n for n, result in enumerate(outcome) if isinstance(result, LookupError)] == list(range(0, 60, 3))
    assert await db.read(names) == {f"test-{n}" for n in range(60) if n % 3}


class Panic(BaseException):
    """What parts written in Rust raise where they give up; no `Exception`."""


async def test_a_unit_that_panics_is_told_so_and_the_others_go_on(db: Database) -> None:
    def put_and(session: Session, name: str, fault: type[BaseException] | None) -> None:
        write_mark(session, name, "x")
        if fault is not None:
            raise fault

    for n in range(4):
        await db.write(put_and, f"test-{n}", None)
    async with asyncio.timeout(5):
        with pytest.raises(Panic):
            await db.write(put_and, "test-bad", Panic)
        await db.write(put_and, "test-4", None)
    assert await db.read(names) == {f"test-{n}" for n in range(5)}


async def test_a_batch_keeps_its_good_units_when_one_breaks_a_constraint(db: Database) -> None:
    await db.write(put, "test-taken")
    done = await db.write_all([Unit(put, (name,)) for name in ("test-a", "test-taken", "test-b")])

    assert [type(each.error) for each in done] == [type(None), IntegrityError, type(None)]
    assert await db.read(names) == {"test-a", "test-b", "test-taken"}


def add_one(session: Session, name: str) -> int:
    statement = select(counters.c.value).where(counters.c.name == name).with_for_update()
    value: int = session.execute(statement).scalar_one()
    session.execute(update(counters).where(counters.c.name == name).values(value=value + 1))
    return value + 1


def start_counter(session: Session, name: str) -> None:
    session.execute(insert(counters), [{"name": name, "value": 0}])


async def test_an_error_of_the_database_shows_nobody_what_was_to_be_written(db: Database) -> None:
    def put_prebuilt(session: Session, name: str) -> None:
        insert_into(marks, "name", "value").run(session, {"name": name, "value": "Ana's address"})

    def put_plainly(session: Session, name: str) -> None:
        put(session, name, "Ana's address")

    await db.write(put, "test-taken")
    for write in (put_prebuilt, put_plainly):
        with pytest.raises(IntegrityError) as caught:
            await db.write(write, "test-taken")
        assert "Ana" not in str(caught.value)


async def test_concurrent_writers_of_one_row_lose_no_update(db: Database) -> None:
    await db.write(start_counter, "c")
    seen = await asyncio.gather(*[db.write(add_one, "c") for _ in range(200)])
    assert sorted(seen) == list(range(1, 201))


def add_one_to_each(session: Session, names: tuple[str, str]) -> None:
    for name in names:
        add_one(session, name)


async def test_units_that_deadlock_are_run_again_until_each_had_its_effect_once(db: Database) -> None:
    for name in ("a", "b"):
        await db.write(start_counter, name)
    orders = [("a", "b"), ("b", "a")] * 20
    await asyncio.gather(*[db.write(add_one_to_each, order) for order in orders])

    values = await db.read(lambda s: {row.name: row.value for row in s.execute(select(counters))})
    assert (values["a"], values["b"]) == (40, 40)


async def test_what_was_answered_is_there_for_the_next_reader(db: Database) -> None:
    for n in range(50):
        name = await db.write(put, f"test-{n}")
        assert name in await db.read(names)


async def test_statements_of_one_read_see_one_state_whoever_writes_in_between(db: Database) -> None:
    elsewhere = create_engine(db.url)

    def look_twice(session: Session, name: str) -> tuple[int, int]:
        before = len(names(session))
        with elsewhere.begin() as connection:
            connection.execute(insert(marks), [{"name": f"{name}-{before}", "value": "x"}])
        return before, len(names(session))

    # By a thread at first, then by the loop.
    for n in range(8):
        before, after = await db.read(look_twice, f"test-{n}")
        assert before == after
    elsewhere.dispose()


async def test_a_read_streams_what_it_reads_whoever_runs_it(db: Database) -> None:
    for n in range(5):
        await db.write(put, f"test-{n}")
    streamed = select(marks.c.name).where(marks.c.name.like("test-%")).execution_options(yield_per=2)

    def stream(session: Session) -> list[set[str]]:
        return [set(session.execute(streamed).scalars()) for _ in range(2)]

    # By a thread at first, then by the loop.
    for _ in range(8):
        assert await db.read(stream) == [{f"test-{n}" for n in range(5)}] * 2


async def test_what_goes_on_after_a_failed_statement_is_not_said_to_be_kept(db: Database) -> None:
    def go_on(session: Session) -> str:
        put(session, "test-kept")
        with suppress(IntegrityError):
            put(session, "test-kept")
        return "kept"

    for _ in range(3):
        try:
            await db.write(go_on)
        except DBAPIError:
            assert await db.read(names) == set()
        else:
            assert await db.read(names) == {"test-kept"}
            break


async def test_a_unit_whose_commit_is_refused_leaves_nothing_and_its_neighbours_stay(db: Database) -> None:
    def make(session: Session) -> None:
        session.connection().exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        session.connection().exec_driver_sql("INSERT INTO parents VALUES (1)")
        session.connection().exec_driver_sql(
            "CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
        )

    def add_child(session: Session, name: str, parent: int) -> None:
        put(session, name)
        session.connection().exec_driver_sql(f"INSERT INTO children VALUES ({parent})")

    await db.write(make)
    for n in range(4):
        await db.write(add_child, f"test-{n}", 1)
    async with asyncio.timeout(5):
        units = [db.write(add_child, name, parent) for name, parent in (("test-a", 1), ("test-b", 2), ("test-c", 1))]
        outcome = await asyncio.gather(*units, return_exceptions=True)
        await db.write(put, "test-after")
    assert [type(error) for error in outcome] == [type(None), IntegrityError, type(None)]
    assert await db.read(names) == {"test-0", "test-1", "test-2", "test-3", "test-a", "test-c", "test-after"}


async def test_readers_that_wait_for_a_connection_hear_that_there_is_none(clock: ShiftedClock) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2", clock)
    away._readers._paces.took(Unit(names), 0.001)
    async with asyncio.timeout(10):
        outcome = await asyncio.gather(*(away.read(names) for _ in range(50)), return_exceptions=True)
    assert {type(error) for error in outcome} == {StorageUnavailable}
    away.stop()


async def test_what_comes_last_comes_after_everything_else(db: Database) -> None:
    order: list[str] = []

    def unit(session: Session) -> None:
        session.last(lambda: order.append("last"))
        order.append("first")

    await db.write(unit)
    assert order == ["first", "last"]


async def test_the_time_of_a_unit_is_the_injected_clock_and_stays_the_same(db: Database, clock: ShiftedClock) -> None:
    def times(session: Session) -> tuple[datetime, datetime]:
        first = session.now
        threading.Event().wait(0.01)
        return first, session.now

    clock.advance(timedelta(days=400))
    first, second = await db.write(times)
    assert first == second
    assert first - datetime.now(UTC) > timedelta(days=399)


async def test_a_database_that_is_away_is_told_to_readers_and_writers_as_such(clock: ShiftedClock) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2", clock)
    for ask in (away.read, away.write):
        with pytest.raises(StorageUnavailable):
            await ask(names)
    away.stop()


async def test_a_server_that_is_not_the_primary_is_told_to_writers_as_away(
    tmp_path: Path, clock: ShiftedClock, templates: Templates
) -> None:
    url = templates.copy("postgresql", "backbone", tmp_path)
    db = Database(f"{url}?options=-cdefault_transaction_read_only%3Don", clock)
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            await db.write(put, "test-a")
    assert await db.read(names) == set()
    db.stop()


def shown(session: Session, *settings: str) -> list[str]:
    return [session.execute(text(f"SHOW {setting}")).scalar_one() for setting in settings]


async def test_the_server_gives_up_a_silent_peer_in_seconds_and_heeds_what_the_url_asks(
    tmp_path: Path, clock: ShiftedClock, templates: Templates
) -> None:
    url = templates.copy("postgresql", "backbone", tmp_path)
    db = Database(f"{url}?options=-csearch_path%3Delsewhere", clock)
    settings = ("search_path", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    assert await db.read(shown, *settings) == ["elsewhere", "5", "1", "3"]
    db.stop()


async def test_many_waiting_units_share_few_commits(tmp_path: Path, clock: ShiftedClock, templates: Templates) -> None:
    db = Database(templates.copy("sqlite", "backbone", tmp_path), clock)
    writer = db._writer
    assert isinstance(writer, SqliteWriter)
    released = threading.Event()
    blocked = asyncio.create_task(db.write(lambda _session: released.wait(5)))
    waiting = [asyncio.create_task(db.write(put, f"test-{n}")) for n in range(100)]
    while writer.waiting < 100:  # noqa: ASYNC110  the thread offers no event to wait for
        await asyncio.sleep(0)
    before = writer.commits
    released.set()
    await asyncio.gather(blocked, *waiting)
    assert writer.commits - before <= 3
    db.stop()


async def test_a_full_disk_is_told_to_whom_it_hits_and_what_was_answered_stays(
    tmp_path: Path, clock: ShiftedClock, templates: Templates
) -> None:
    db = Database(templates.copy("sqlite", "backbone", tmp_path), clock)
    await db.write(put, "test-before")

    def fill(session: Session) -> None:
        connection = session.connection()
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={used + 2}")
        put(session, "test-big", "x" * 1_000_000)

    small = [db.write(put, f"test-{n}") for n in range(3)]
    outcome = await asyncio.gather(*small, db.write(fill), db.write(put, "test-after"), return_exceptions=True)

    assert isinstance(outcome[3], StorageUnavailable)
    answered = {result for result in outcome if isinstance(result, str)}
    assert answered
    assert await db.read(names) == answered | {"test-before"}
    db.stop()
