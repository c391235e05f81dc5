"""Sources: a batch and its cursor are kept together, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.monitoring.connectors.protocol import Batch, Surroundings
from services.monitoring.connectors.registry import CONNECTORS
from services.monitoring.domain.sources import runs, sources
from services.monitoring.domain.sources.runs import Moved, Task
from services.monitoring.schemas.posts import PostIn
from services.monitoring.schemas.sources import SourceConfig, SourcePauseIn
from shared.clock import ShiftedClock
from shared.db import Database
from tests.evidence import evidence_of
from tests.monitoring.organisation import post
from tests.monitoring.reading import WITHIN, Desk, desk

FEED = {"kind": "feed", "url": "http://127.0.0.1:9/feed"}


class Scripted:
    """A connector that says what a test tells it to, number by number."""

    kind = "feed"
    streaming = False

    def __init__(self, last: int, breaks_at: int | None = None) -> None:
        self.last, self.breaks_at = last, breaks_at
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cursors: list[str | None] = []

    async def test(self, config: SourceConfig, around: Surroundings) -> str:
        del config, around
        return "All well."

    async def items(self, config: SourceConfig, cursor: str | None, around: Surroundings) -> AsyncIterator[Batch]:
        """Say the numbers after the cursor; wait to be told to go on where it is to break."""
        del config, around
        self.cursors.append(cursor)
        for number in range(int(cursor or 0) + 1, self.last + 1):
            if number == self.breaks_at:
                self.reached.set()
                await self.go_on.wait()
                self.breaks_at = None
                raise RuntimeError("a fault of ours")
            yield Batch([said(number)], str(number))


def said(number: int) -> PostIn:
    return post(str(number), f"Harbourline {number}")


@pytest.fixture
async def reading(db: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(db, tmp_path) as made:
        await made.call_the_brand("Harbourline")
        yield made


@pytest.fixture
def db_on(db_on_both: Database) -> Database:
    return db_on_both


async def test_after_a_fault_reading_goes_on_behind_what_was_kept_and_nothing_is_doubled(
    reading: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = Scripted(last=5, breaks_at=3)
    monkeypatch.setitem(CONNECTORS, "feed", scripted)
    source = await reading.add(FEED)
    await scripted.reached.wait()
    scripted.go_on.set()
    failing = await reading.until(source.id, lambda one: one.health == "failing")
    assert (failing.kept, failing.failures) == (2, 1)

    assert (await reading.read_again(source.id)).kept == 3
    assert scripted.cursors == [None, "2"]
    assert await reading.texts() == [f"Harbourline {number}" for number in range(1, 6)]
    assert (await reading.see(source.id)).duplicates == 0


async def test_a_pause_stops_a_reading_in_the_middle_and_its_end_goes_on_from_there(
    reading: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = Scripted(last=3, breaks_at=2)
    monkeypatch.setitem(CONNECTORS, "feed", scripted)
    source = await reading.add(FEED)
    await scripted.reached.wait()
    await reading.db.write(sources.pause, source.id, SourcePauseIn(reason="Too loud."), reading.runner.safe, None)
    reading.runner.wake()
    await reading.until_run(source.id, "ended")
    with pytest.raises(runs.SourcePaused):
        await reading.db.write(runs.ask, source.id)

    scripted.breaks_at = None
    await reading.db.write(sources.resume, source.id)
    reading.runner.wake()
    seen = await reading.until(source.id, lambda one: one.kept == 3)
    assert (seen.health, scripted.cursors) == ("well", [None, "1"])


async def test_two_readers_of_one_source_keep_no_batch_twice(db_on: Database, tmp_path: Path) -> None:
    async with desk(db_on, tmp_path) as made:
        await made.call_the_brand("Harbourline")
        source = await made.add(FEED, every=86_400)
        await made.until(source.id, lambda one: one.health == "failing")
    (task,) = [one async for one in tasks(db_on, source.id)]
    run = await db_on.write(runs.begin, task)
    await db_on.write(runs.keep, task, run, [said(1)], "1")
    with pytest.raises(Moved):
        await db_on.write(runs.keep, task, run, [said(1), said(2)], "2")
    assert await made.texts() == ["Harbourline 1"]


async def tasks(db: Database, source: str) -> AsyncIterator[Task]:
    yield await db.read(runs.task_to_test, source)


async def test_what_was_being_read_when_the_process_ended_is_read_again_at_once(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = Scripted(last=3)
    monkeypatch.setitem(CONNECTORS, "feed", scripted)
    async with desk(db, tmp_path) as made:
        await made.call_the_brand("Harbourline")
        source = await made.add(FEED, every=86_400)
        await made.until(source.id, lambda one: one.kept == 3)
    task = await db.read(runs.task_to_test, source.id)
    await db.write(runs.begin, task)  # ... and the process is gone
    scripted.last = 4
    async with desk(db, tmp_path) as again:
        await again.until(source.id, lambda one: one.kept == 4)


async def test_a_source_that_fails_again_and_again_is_left_alone_longer_each_time(
    db: Database, tmp_path: Path, clock: ShiftedClock
) -> None:
    async with desk(db, tmp_path) as made:
        source = await made.add(FEED)
        waits = []
        for failures in range(1, 4):
            seen = await made.until(source.id, lambda one, n=failures: one.failures == n)  # type: ignore[misc]
            assert seen.next_run_at is not None
            assert seen.last_run_at is not None
            waits.append(round((seen.next_run_at - seen.last_run_at).total_seconds(), -1))
            clock.advance(timedelta(seconds=waits[-1] + 2))
            made.runner.wake()
    assert waits == [10, 20, 40]
    assert len(await evidence_of(db, "source.fail")) == 1


async def test_another_address_begins_anew_and_another_name_goes_on(
    reading: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = Scripted(last=2)
    monkeypatch.setitem(CONNECTORS, "feed", scripted)
    source = await reading.add(FEED)
    assert (await reading.until_run(source.id, "done")).kept == 2
    await reading.change(source.id, name="Another name")
    await reading.read_again(source.id)
    await reading.change(source.id, config={**FEED, "url": "http://127.0.0.1:9/other"})
    await reading.until(source.id, lambda one: one.duplicates == 2)
    assert scripted.cursors == [None, "2", None]


async def test_a_source_that_is_renamed_in_the_middle_is_read_on_at_once(
    reading: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted = Scripted(last=2, breaks_at=2)
    monkeypatch.setitem(CONNECTORS, "feed", scripted)
    source = await reading.add(FEED)
    await asyncio.wait_for(scripted.reached.wait(), WITHIN)
    scripted.breaks_at = None
    await reading.change(source.id, name="Another name")
    reading.runner.wake()
    await reading.until(source.id, lambda one: one.kept == 2)
    assert scripted.cursors == [None, "1"]


async def test_a_removed_source_leaves_its_posts_and_nothing_else(
    reading: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONNECTORS, "feed", Scripted(last=1))
    source = await reading.add(FEED)
    await reading.until(source.id, lambda one: one.kept == 1)
    await reading.db.write(sources.remove, source.id, None)
    assert await reading.texts() == ["Harbourline 1"]
    assert await reading.db.read(runs.due) == []
    assert [one[0] for one in await evidence_of(reading.db, "source.remove")] == [f"source/{source.id}"]
