"""The change feed under many writers and readers: each change once, in order, nothing skipped."""

import asyncio
import sys
from collections import defaultdict
from itertools import pairwise

import pytest

from services.training.domain import changes
from services.training.schemas.certificates import Change, ChangeOut
from shared.clock import ShiftedClock
from shared.db import Database
from tests.conftest import DatabaseUrl
from tests.training.feed_writers import write_many
from tests.training.organisation import add_people, complete, define_tier

WRITERS = 20
READERS = 5
PEOPLE = 12


async def follow(db: Database, done: asyncio.Event) -> list[ChangeOut]:
    """Poll the feed from its beginning until the writers are done and nothing is left."""
    cursor, heard = None, []
    while True:
        last_round = done.is_set()
        page = await db.read(changes.read, cursor, 7)
        heard += page.items
        cursor = page.next_cursor
        if not page.items:
            if last_round:
                return heard
            await asyncio.sleep(0.005)


async def write_in_process(url: str, writers: int, seed: int) -> int:
    """Let a process of its own write; returns how many changes it kept."""
    command = (sys.executable, "-m", "tests.training.feed_writers", url, str(writers), str(seed))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0
    return int(output)


@pytest.mark.timeout(180)
async def test_readers_see_each_change_once_and_in_order_while_writers_are_slow_and_fail(
    database_url: DatabaseUrl, clock: ShiftedClock
) -> None:
    url = database_url("training")
    db = Database(url, clock)
    try:
        people = await add_people(db, PEOPLE)
        await define_tier(db, policies=())
        for number in people:
            await db.write(complete, number)
        done = asyncio.Event()
        readers = [asyncio.create_task(follow(db, done)) for _ in range(READERS)]
        if db.dialect == "sqlite":  # one process writes to an SQLite file
            kept = await write_many(db, WRITERS, seed=1)
        else:
            kept = sum(await asyncio.gather(*(write_in_process(url, WRITERS // 2, seed) for seed in (1, 2))))
        done.set()

        first, *others = [
            [(one.cursor, one.change, one.employee_number) for one in heard] for heard in await asyncio.gather(*readers)
        ]
        assert all(heard == first for heard in others)
        assert len(first) == len({cursor for cursor, _, _ in first}) == PEOPLE + kept
        assert kept > WRITERS * 5
        of_person = defaultdict(list)
        for _, change, number in first:
            of_person[number].append(change)
        for heard in of_person.values():
            assert heard[0] == Change.ISSUED
            assert all(before != after for before, after in pairwise(heard)), (
                "a change overtook another of the same person"
            )
    finally:
        db.stop()
