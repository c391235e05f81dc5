"""What a unit of work is: a plain function over a session, and what came of it."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlmodel
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import SessionTransaction

from shared.context import Context, current
from shared.problems import Unavailable

READ_ONLY = "25006"
"""PostgreSQL's code of a server that takes no changes: one that is no longer, or not yet, the primary."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a unit of work wrote to the outbox."""

    id: str
    type: str


class Session(sqlmodel.Session):
    """One unit of work: `now` is fixed for all of it, `context` says what it is done for."""

    def __init__(self, bind: Engine | Connection, now: datetime, context: Context, driver: Any = None) -> None:
        super().__init__(bind, expire_on_commit=False, join_transaction_mode="create_savepoint")
        self.now = now
        self.context = context
        self.told: list[Told] = []
        self._driver = driver
        self.waiting_last: tuple[Callable[[], None], ...] = ()

    @property
    def driver(self) -> Any:
        """The driver's own connection, in this unit's transaction: what `shared.statements` runs on."""
        if self._driver is None:
            self._driver = self.connection().connection.dbapi_connection
        return self._driver

    def begin_nested(self) -> SessionTransaction:
        """Set a savepoint now: SQLAlchemy's own waits for the first of its statements, and sees none of the driver's."""
        nested = super().begin_nested()
        self.connection()
        return nested

    def last(self, fn: Callable[[], None]) -> None:
        """Run `fn` after all else and just before the commit: for what holds a lock that everyone wants."""
        self.waiting_last += (fn,)

    def finish(self) -> None:
        """Run what was asked to come last."""
        while self.waiting_last:
            first, *rest = self.waiting_last
            self.waiting_last = tuple(rest)
            first()
        self.flush()


@dataclass(slots=True)
class Unit:
    """A function with its arguments, to be run in one transaction; `what` is the function where `fn` wraps it."""

    fn: Callable[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    context: Context = field(default_factory=current.get)
    what: Callable[..., Any] | None = None
    kind: tuple[object, int] | None = None
    """What `shared.pace` knows it by, once it has been asked."""


@dataclass(slots=True)
class Done:
    """What came of a unit: its result or what it raised, and the events it told."""

    result: Any = None
    error: BaseException | None = None
    told: list[Told] = field(default_factory=list)


class StorageUnavailable(Unavailable):
    """The database cannot answer, or take changes, at this moment."""


class StorageTooSlow(StorageUnavailable):
    """The database took too long; nothing was changed. Try again."""


GIVEN_UP = frozenset({"57014", "55P03"})
"""PostgreSQL's codes of a statement that took too long, and of one that waited too long for what another held."""


def insert(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the dialect's insert, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def sqlstate_of(error: BaseException | None) -> str | None:
    """Return PostgreSQL's code of an error, where it is one of PostgreSQL's."""
    return getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None


def told_plainly(done: Done) -> Done:
    """Replace a database that does not answer, or is full, by a problem that a client can read.

    It does not promise that nothing was kept: a connection may break between a COMMIT and its answer.
    """
    if sqlstate_of(done.error) in GIVEN_UP:
        return Done(error=too_slow(done.error))
    if isinstance(done.error, OperationalError | sqlite3.OperationalError) or sqlstate_of(done.error) == READ_ONLY:
        problem = StorageUnavailable("The database did not confirm the change. Send it again.")
        problem.__cause__ = done.error
        return Done(error=problem)
    return done


def too_slow(cause: BaseException | None) -> StorageTooSlow:
    """Return what to tell where the server gave up a statement, which it does before anything of it is kept."""
    problem = StorageTooSlow()
    problem.__cause__ = cause
    return problem
