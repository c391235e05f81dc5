"""Statements that wait for the next one: nothing sees them missing, and none of them fails unheard."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from shared.db import Database, Session
from shared.marks import read_mark, write_mark, write_marks
from shared.statements import insert_into
from shared.tables import marks

OpenDatabase = Callable[[str], Database]
ADD = insert_into(marks, "name", "value")


@pytest.fixture
def db(open_database: OpenDatabase) -> Database:
    return open_database("backbone")


def count(session: Session) -> int:
    """Ask by SQLAlchemy, which knows nothing of what waits."""
    return int(session.execute(select(func.count()).where(marks.c.name.startswith("x-"))).scalar_one())


async def test_what_a_unit_wrote_is_there_for_its_next_statement(db: Database) -> None:
    def write_and_look(session: Session) -> tuple[int, str | None]:
        write_mark(session, "x-1", "first")
        seen = count(session)
        write_mark(session, "x-1", "second")
        return seen, read_mark(session, "x-1")

    assert await db.write(write_and_look) == (1, "second")


async def test_what_fails_at_the_commit_fails_the_unit_and_nothing_after_it(db: Database) -> None:
    def add_twice(session: Session) -> None:
        ADD.run(session, {"name": "x-new", "value": ""})
        ADD.run(session, {"name": "x-taken", "value": ""})

    await db.write(write_mark, "x-taken", "")
    for _ in range(5):
        with pytest.raises(IntegrityError):
            await db.write(add_twice)
    assert await db.read(count) == 1
    await db.write(write_mark, "x-other", "")
    assert await db.read(count) == 2


async def test_a_savepoint_takes_back_what_waited_since_then_and_no_more(db: Database) -> None:
    def give_up_half_way(session: Session) -> None:
        write_mark(session, "x-before", "")
        assert count(session) == 1
        savepoint = session.begin_nested()
        write_mark(session, "x-within", "")
        savepoint.rollback()
        write_mark(session, "x-after", "")

    await db.write(give_up_half_way)
    assert await db.read(read_mark, "x-before") == await db.read(read_mark, "x-after") == ""
    assert await db.read(read_mark, "x-within") is None


async def test_more_than_both_ends_can_hold_goes_in_one_exchange(db: Database) -> None:
    await db.write(write_marks, {f"x-{number}": "y" * 1000 for number in range(5000)})
    assert await db.read(count) == 5000
