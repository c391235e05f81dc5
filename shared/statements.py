"""Statements that are compiled once and then run by the driver itself, for what is asked at every request.

SQLAlchemy takes 50 to 300 us around a statement that SQLite answers in 5; for most work that is nothing, for the
rows that every request reads or writes it is the request. A `Prebuilt` is written like any Core statement, with
`bindparam` where a value goes, and types are converted as SQLAlchemy would.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, cast

from psycopg.adapt import PyFormat
from sqlalchemy import Dialect, Executable, LargeBinary, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from shared.engines import PatientConnection
from shared.exchange import Statement
from shared.units import Session

Row = tuple[Any, ...]
AT_ONCE = 10_000
"""Values in one condition; SQLite takes 32,766."""
DialectInsert = sqlite.Insert | postgresql.Insert


NUMBERS = count(1)


class Ready:
    """A statement as one dialect takes it: by the name of its values, or for PostgreSQL prepared by its connections."""

    __slots__ = ("binds", "dialect", "errors", "prepared", "results", "sql")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        made: Any = dialect
        postgresql = dialect.name == "postgresql"
        if postgresql:
            # As PREPARE has it, with $1 for a value.
            made = type(made)(paramstyle="numeric_dollar", dbapi=made.dbapi)
        compiled = cast("SQLCompiler", cast("Any", statement).compile(dialect=made))
        self.dialect = dialect
        self.errors: type[Exception] = made.loaded_dbapi.Error
        self.sql = str(compiled)
        names = compiled.positiontup or []
        defaults = compiled.construct_params(_check=False)
        processors = cast("dict[str, Callable[[Any], Any]]", compiled._bind_processors)  # noqa: SLF001  its public face runs the statement, too
        self.binds = [(name, defaults.get(name), processors.get(name)) for name in names]
        formats = [
            PyFormat.BINARY if isinstance(compiled.binds[name].type, LargeBinary) else PyFormat.TEXT for name in names
        ]
        name = f"s{next(NUMBERS)}".encode()
        self.prepared = Statement(name, self.sql.encode(), formats) if postgresql else None
        columns: Sequence[Any] = list(getattr(statement, "exported_columns", None) or [])
        converters = [column.type.dialect_impl(made).result_processor(made, None) for column in columns]
        self.results = [(at, convert) for at, convert in enumerate(converters) if convert is not None]

    def values(self, given: dict[str, Any]) -> Sequence[Any]:
        """Return what the driver is given."""
        return [
            convert(given.get(name, default)) if convert is not None else given.get(name, default)
            for name, default, convert in self.binds
        ]

    def all_values(self, each: Sequence[dict[str, Any]]) -> Sequence[Sequence[Any]]:
        """Return what the driver is given for many rows.

        A column is converted at a time: its values are much alike, and most types remember the last.
        """
        if len(each) == 1 or not self.binds:
            return [self.values(given) for given in each]
        columns = []
        for name, default, convert in self.binds:
            column = [given.get(name, default) for given in each]
            columns.append(list(map(convert, column)) if convert is not None else column)
        return list(zip(*columns, strict=True))

    def converted(self, row: Row) -> Row:
        """Return a row with its values as Python has them."""
        cells = list(row)
        for at, convert in self.results:
            if cells[at] is not None:
                cells[at] = convert(cells[at])
        return tuple(cells)

    def failed(self, error: Exception, given: Any) -> DBAPIError:
        """Return a driver's error as SQLAlchemy raises it, for those who look at it further up."""
        made = DBAPIError.instance(self.sql, given, error, self.errors, hide_parameters=True, dialect=self.dialect)
        return cast("DBAPIError", made)


class Prebuilt:
    """A Core statement, or a function that makes it from the dialect's own insert, compiled when it is first run."""

    def __init__(self, statement: Executable | Callable[[Callable[[Table], DialectInsert]], Executable]) -> None:
        self._statement = statement
        self._ready: dict[str, Ready] = {}

    def _for(self, session: Session) -> Ready:
        dialect = cast("Any", session.bind).dialect
        ready = self._ready.get(dialect.name)
        if ready is None:
            statement = self._statement
            if not isinstance(statement, Executable):
                statement = statement(postgresql.insert if dialect.name == "postgresql" else sqlite.insert)
            ready = self._ready[dialect.name] = Ready(statement, dialect)
        return ready

    def rows(self, session: Session, **given: Any) -> list[Row]:
        """Run it and return all rows."""
        ready = self._for(session)
        session.flush()
        values = ready.values(given)
        driver = session.driver
        try:
            if ready.prepared is not None:
                found = driver.rows(*driver.ask((ready.prepared, values)))
            else:
                found = driver.execute(ready.sql, values).fetchall()
        except ready.errors as error:
            raise ready.failed(error, values) from error
        return [ready.converted(row) for row in found] if ready.results else found

    def first(self, session: Session, **given: Any) -> Row | None:
        """Run it and return the first row, or None."""
        found = self.rows(session, **given)
        return found[0] if found else None

    def run(self, session: Session, *each: dict[str, Any]) -> None:
        """Run it once for each set of values.

        PostgreSQL gets it together with the next statement, or the COMMIT, and that is where its failure is raised.
        """
        ready = self._for(session)
        session.flush()
        values = ready.all_values(each)
        if ready.prepared is not None:
            cast("PatientConnection", session.driver).waiting.extend((ready.prepared, one) for one in values)
        else:
            self._count(session, ready, values)

    def count(self, session: Session, *each: dict[str, Any]) -> int:
        """Run it once for each set of values, at once, and return how many rows it touched."""
        ready = self._for(session)
        session.flush()
        return self._count(session, ready, ready.all_values(each))

    @staticmethod
    def _count(session: Session, ready: Ready, values: Sequence[Sequence[Any]]) -> int:
        driver = session.driver
        try:
            if ready.prepared is not None:
                return sum(
                    answer.command_tuples or 0 for answer in driver.ask(*((ready.prepared, one) for one in values))
                )
            if len(values) == 1:
                return int(driver.execute(ready.sql, values[0]).rowcount)
            cursor = driver.cursor()
            cursor.executemany(ready.sql, values)
            return int(cursor.rowcount)
        except ready.errors as error:
            raise ready.failed(error, values) from error


def insert_into(table: Table, *columns: str) -> Prebuilt:
    """Return the insert of one row, by the names of its columns."""
    return Prebuilt(table.insert().values({column: bindparam(column) for column in columns}))


class NewRows:
    """Inserts rows and says which of them are new: those whose unique key was not there.

    RETURNING would say so as well, but then SQLAlchemy makes one long statement of all rows, at twice the cost.
    """

    def __init__(self, table: Table, *columns: str, unique: Sequence[str]) -> None:
        values: dict[str, Any] = {column: bindparam(column) for column in columns}
        self._insert = Prebuilt(lambda of: of(table).values(values).on_conflict_do_nothing(index_elements=unique))
        self._ids = table.c.id

    def keep(self, session: Session, rows: Sequence[dict[str, Any]]) -> set[str]:
        """Insert rows, each under a new id, and return the ids of those that were kept."""
        if not rows:
            return set()
        ids = [row["id"] for row in rows]
        if self._insert.count(session, *rows) == len(rows):
            return set(ids)
        kept: set[str] = set()
        for start in range(0, len(ids), AT_ONCE):
            there = select(self._ids).where(self._ids.in_(ids[start : start + AT_ONCE]))
            kept.update(session.execute(there).scalars())
        return kept


def upsert_row(table: Table, *columns: str, key: str) -> Prebuilt:
    """Return what writes a row by the names of its columns, whether its key is there or not."""

    def statement(insert_of: Callable[[Table], DialectInsert]) -> Executable:
        inserted = insert_of(table).values({column: bindparam(column) for column in columns})
        others = {column: inserted.excluded[column] for column in columns if column != key}
        return inserted.on_conflict_do_update(index_elements=[key], set_=others)

    return Prebuilt(statement)


def upsert_into(table: Table, *, key: str, value: str) -> Prebuilt:
    """Return what sets a value under a key, whether the key is there or not."""

    def statement(insert_of: Callable[[Table], DialectInsert]) -> Executable:
        inserted = insert_of(table).values({key: bindparam(key), value: bindparam(value)})
        return inserted.on_conflict_do_update(index_elements=[key], set_={value: inserted.excluded[value]})

    return Prebuilt(statement)
