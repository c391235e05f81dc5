"""What one row makes a sweep raise holds up no other row, and is tried again later."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from shared import outbox, set_aside, tables
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.marks import write_marks
from shared.pages import PageQuery, decode_cursor
from shared.problems import NotFound
from shared.set_aside import at_hand, do_each
from tests.evidence import evidence_of
from tests.shared.conftest import person

KEYS = ["a", "b", "c", "d"]


@pytest.fixture
def db(open_database: Callable[[str], Database]) -> Database:
    return open_database("backbone")


async def fill(db: Database) -> None:
    await db.write(write_marks, dict.fromkeys(KEYS, "todo"))


def at_work(session: Session, keys: Sequence[str]) -> None:
    """Bring rows on: what cannot be divided by is broken, found out only after something was told of it."""
    for key in keys:
        outbox.tell(session, person(ord(key)))
        broken = session.execute(select(tables.marks.c.value).where(tables.marks.c.name == key)).scalar() == "broken"
        session.execute(update(tables.marks).where(tables.marks.c.name == key).values(value="done"))
        session.last(lambda key=key: write_marks(session, {f"last {key}": "done"}))  # type: ignore[misc]
        if broken:
            session.execute(update(tables.marks).where(tables.marks.c.name == key).values(value=None))


def sweep(session: Session) -> list[str]:
    """Do all that is at hand and return which."""
    name, value = tables.marks.c.name, tables.marks.c.value
    found = select(name).where(value != "done", name.in_(KEYS), at_hand(session, "marks", name)).order_by(name)
    keys = list(session.execute(found).scalars())
    do_each(session, "marks", keys, lambda some: at_work(session, some))
    return keys


async def values(db: Database) -> dict[str, str]:
    return await db.read(lambda session: dict(session.execute(select(tables.marks.c.name, tables.marks.c.value)).all()))


async def told(db: Database) -> int:
    return await db.read(lambda session: len(session.execute(select(tables.outbox.c.id)).all()))


async def test_a_row_that_raises_is_set_aside_with_all_its_effects_and_the_others_are_done(db: Database) -> None:
    await fill(db)
    await db.write(write_marks, {"b": "broken"})
    assert await db.write(sweep) == KEYS
    done = dict.fromkeys(["a", "c", "d"], "done")
    assert await values(db) == {**done, "b": "broken", **{f"last {key}": "done" for key in done}}
    assert await told(db) == len(done)
    assert await db.read(set_aside.count) == 1
    assert await db.write(sweep) == []


async def test_what_is_set_aside_is_tried_ever_more_seldom_until_it_can_be_done(
    db: Database, clock: ShiftedClock
) -> None:
    await fill(db)
    await db.write(write_marks, {"b": "broken"})
    await db.write(sweep)
    for pause in set_aside.AGAIN_AFTER[:3]:
        clock.advance(pause - timedelta(seconds=1))
        assert await db.write(sweep) == []
        clock.advance(timedelta(seconds=2))
        assert await db.write(sweep) == ["b"]
    await db.write(write_marks, {"b": "todo"})
    clock.advance(set_aside.AGAIN_AFTER[3])
    assert await db.write(sweep) == ["b"]
    assert (await values(db))["b"] == "done"
    assert await db.read(set_aside.count) == 0


async def test_an_operator_lists_what_is_set_aside_page_by_page_and_has_it_tried_at_once(db: Database) -> None:
    await fill(db)
    await db.write(write_marks, {"b": "broken", "c": "broken", "d": "broken"})
    await db.write(sweep)
    await db.write(set_aside.put_aside, "another", "b", 3, ValueError("secret"))
    first = await db.read(set_aside.find, PageQuery(2, None))
    assert first.next_cursor is not None
    rest = await db.read(set_aside.find, PageQuery(2, decode_cursor(first.next_cursor)))
    listed = [(one.sweep, one.key, one.error, one.tries) for one in [*first.items, *rest.items]]
    assert listed == [("another", "b", "ValueError", 3), *(("marks", key, "IntegrityError", 1) for key in "bcd")]
    assert rest.next_cursor is None

    await db.write(write_marks, {"b": "todo", "c": "todo"})
    assert await db.write(set_aside.try_again, "marks", "b") == 1
    assert await db.write(sweep) == ["b"]
    assert await db.write(set_aside.try_again, "marks", None) == 2
    assert await db.write(sweep) == ["c", "d"]
    [again] = (await db.read(set_aside.find, PageQuery(1, f"marks{set_aside.BETWEEN}"))).items
    assert (again.key, again.tries) == ("d", 2)
    for sweep_, key in (("marks", "b"), ("nothing", None)):
        with pytest.raises(NotFound):
            await db.write(set_aside.try_again, sweep_, key)
    told = await evidence_of(db, "set_aside.tried_again")
    assert [subject for subject, *_ in told] == ["sweep/marks/b", "sweep/marks"]


async def test_what_somebody_else_has_settled_is_forgotten(db: Database, clock: ShiftedClock) -> None:
    await fill(db)
    await db.write(write_marks, {"b": "broken"})
    await db.write(sweep)
    await db.write(write_marks, {"b": "done"})
    clock.advance(set_aside.FORGOTTEN_AFTER + timedelta(minutes=2))
    await db.write(set_aside.forget_settled)
    assert await db.read(set_aside.count) == 0


async def test_a_database_that_fails_sets_nobody_aside(db: Database) -> None:
    await fill(db)

    def away(_keys: Sequence[str]) -> None:
        raise OperationalError("SELECT 1", {}, ConnectionError("gone"))

    def failing(session: Session) -> None:
        session.execute(text("SELECT 1"))
        do_each(session, "marks", KEYS, away)

    with pytest.raises(Exception, match="did not confirm"):
        await db.write(failing)
    assert await db.read(set_aside.count) == 0
