"""What a sweep cannot bring on is set aside, so that nobody behind it waits; it is tried again, ever more seldom.

A sweep does some hundred rows in one unit. Where one of them raises, each is done in a savepoint of its own: those that
raise are noted here and left out of the following runs, the others go on. Operators see how many there are in the
metric `shareload_set_aside`, list them and have them tried again; why they failed stands in the log.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg
import structlog
from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Mapped

from shared.db import Session, insert
from shared.evidence import record
from shared.pages import Page, PageQuery, encode_cursor, not_ours
from shared.problems import NotFound
from shared.tables import set_aside
from shared.tasks import DATABASE_AWAY

AGAIN_AFTER = tuple(timedelta(seconds=seconds) for seconds in (60, 300, 3600, 6 * 3600, 24 * 3600))
"""From the first failure on; after the last, daily."""
FORGOTTEN_AFTER = timedelta(days=7)
"""What no sweep has asked for since: somebody else has settled it."""
OF_THE_DATABASE = (*DATABASE_AWAY, sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError)
"""What says nothing about a row: the whole unit fails, or is run again."""

BETWEEN = "\n"
"""Between sweep and key in a cursor; no sweep's name has it."""

log = structlog.get_logger()


class SetAside(BaseModel):
    """A row that a sweep could not bring on: its key, the kind of the error, and when it is tried again."""

    sweep: str
    key: str
    error: str
    tries: int
    since: datetime
    again_at: datetime


def at_hand(session: Session, sweep: str, key: ColumnElement[str] | Mapped[str]) -> ColumnElement[bool]:
    """Return the condition on a sweep's rows that they are not set aside at this moment."""
    aside = (set_aside.c.sweep == sweep, set_aside.c.key == key, set_aside.c.again_at > session.now)
    return ~exists().where(*aside).correlate_except(set_aside)


def do_each(session: Session, sweep: str, keys: Sequence[str], do: Callable[[Sequence[str]], object]) -> None:
    """Do something for all of some rows: together if that goes well, else for each alone.

    `do` reads the rows itself, by the keys that it is given, for it may be given some of them again.
    """
    if not keys:
        return
    tried = tries(session, sweep, keys)
    error = attempt(session, keys, do)
    failed = {keys[0]: error} if error is not None and len(keys) == 1 else {}
    if error is not None and len(keys) > 1:
        failed = {key: why for key in sorted(keys) if (why := attempt(session, [key], do)) is not None}
    for key, why in failed.items():
        put_aside(session, sweep, key, tried.get(key, 0) + 1, why)
    done = tried.keys() - failed.keys()
    if done:
        session.execute(delete(set_aside).where(set_aside.c.sweep == sweep, set_aside.c.key.in_(done)))


def attempt(session: Session, keys: Sequence[str], do: Callable[[Sequence[str]], object]) -> Exception | None:
    """Do something in a savepoint; return what it raised, when nothing of it is left."""
    told, last = len(session.told), session.waiting_last
    try:
        with session.begin_nested():
            # Only now is there a savepoint, which statements of the driver's own need as well.
            session.connection()
            do(keys)
            session.flush()
    except OF_THE_DATABASE:
        raise
    except Exception as error:
        del session.told[told:]
        session.waiting_last = last
        # Statements of Core and of the driver have changed rows that the session holds as they were.
        session.expire_all()
        log.warning("a sweep failed on some rows", rows=len(keys), exc_info=error)
        return error
    return None


def put_aside(session: Session, sweep: str, key: str, count: int, error: Exception) -> None:
    """Note that a row cannot be brought on, by the error's kind alone: its words may hold what is personal."""
    again_at = session.now + AGAIN_AFTER[min(count, len(AGAIN_AFTER)) - 1]
    row = {"error": type(error).__name__, "tries": count, "again_at": again_at}
    kept = insert(session, set_aside).values(sweep=sweep, key=key, since=session.now, **row)
    session.execute(kept.on_conflict_do_update(index_elements=["sweep", "key"], set_=row))
    log.error("set aside by a sweep", sweep=sweep, key=key, tries=count, again_at=again_at, exc_info=error)


def tries(session: Session, sweep: str, keys: Sequence[str]) -> dict[str, int]:
    """Return how often rows that are set aside were tried before."""
    of_sweep = select(set_aside.c.key, set_aside.c.tries).where(set_aside.c.sweep == sweep)
    return dict(session.execute(of_sweep.where(set_aside.c.key.in_(keys))).all())


def again(session: Session, sweep: str, limit: int) -> list[str]:
    """Return what is to be tried again: for a sweep that does not find its rows by itself."""
    due = select(set_aside.c.key).where(set_aside.c.sweep == sweep, set_aside.c.again_at <= session.now)
    return list(session.execute(due.order_by(set_aside.c.again_at).limit(limit)).scalars())


def count(session: Session) -> int:
    """Return how many rows are set aside."""
    return int(session.execute(select(func.count()).select_from(set_aside)).scalar_one())


def find(session: Session, paging: PageQuery) -> Page[SetAside]:
    """List what is set aside, by sweep and key."""
    query = select(set_aside).order_by(set_aside.c.sweep, set_aside.c.key).limit(paging.limit + 1)
    if paging.after is not None:
        sweep, between, key = paging.after.partition(BETWEEN)
        if not between:
            raise not_ours()
        further = and_(set_aside.c.sweep == sweep, set_aside.c.key > key)
        query = query.where(or_(set_aside.c.sweep > sweep, further))
    rows = session.execute(query).mappings().all()
    items = [SetAside.model_validate(dict(row)) for row in rows[: paging.limit]]
    last = items[-1] if len(rows) > paging.limit else None
    return Page(items=items, next_cursor=encode_cursor(f"{last.sweep}{BETWEEN}{last.key}") if last else None)


def try_again(session: Session, sweep: str, key: str | None) -> int:
    """Have one row of a sweep tried again by its next run, or without a key all of them; return how many.

    Raises NotFound when there is none. How often each was tried is kept: what fails again waits longer, as before.
    """
    asked = [set_aside.c.sweep == sweep, *([set_aside.c.key == key] if key is not None else [])]
    rows = session.execute(update(set_aside).where(*asked).values(again_at=session.now).returning(set_aside.c.key))
    tried = len(rows.all())
    if not tried:
        raise NotFound("Nothing like that is set aside; it may have been settled meanwhile.")
    record(session, "set_aside.tried_again", f"sweep/{sweep}" if key is None else f"sweep/{sweep}/{key}")
    return tried


def forget_settled(session: Session) -> None:
    """Forget what no sweep has come upon again."""
    session.execute(delete(set_aside).where(set_aside.c.again_at < session.now - FORGOTTEN_AFTER))
