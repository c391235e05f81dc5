"""One service's database as a backup sees it: held at one moment, written out, and put back.

SQLite is copied page by page from within a read transaction; PostgreSQL is read out by COPY in a repeatable-read one.
Neither keeps anybody from writing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text

from shared import migrate
from shared.engines import create_sqlite

SQLITE = "sqlite"
SERVICES = Path(__file__).parent
CHUNK = 1024 * 1024


class BackupError(Exception):
    """Nothing was backed up, or restored; the message says why, in a line for the person at the keyboard."""


def open_engine(url: str) -> Engine:
    """Return an engine whose transactions see one moment."""
    if make_url(url).get_backend_name() == SQLITE:
        return create_sqlite(url, "BEGIN")
    return create_engine(url, isolation_level="REPEATABLE READ", hide_parameters=True)


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite database; None for another one."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == SQLITE else None


class Snapshot:
    """A service's database as it is at one moment, from `take` to `release`; others write on meanwhile."""

    def __init__(self, service: str, url: str) -> None:
        file = file_of(url)
        if file is not None and not file.exists():
            raise BackupError(f"There is no database of the {service} service at {file}.")
        self.service = service
        self.engine = open_engine(url)
        self.connection: Connection = self.engine.connect()

    def __enter__(self) -> Self:
        """Hold it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self.connection.close()
        self.engine.dispose()

    @property
    def kind(self) -> str:
        """Which kind of database it is: a backup goes back onto the same."""
        return self.engine.dialect.name

    def take(self) -> None:
        """Fix the moment: what is committed from now on is not in it."""
        self.connection.execute(text("SELECT 1 FROM alembic_version"))

    def release(self) -> None:
        """Give up the moment, so that another can be taken."""
        self.connection.rollback()

    def revisions(self) -> list[str]:
        """Return the versions of its tables."""
        return sorted(self.connection.execute(text("SELECT version_num FROM alembic_version")).scalars())

    def write_out(self, folder: Path) -> dict[str, Any]:
        """Write all of it into a folder, and return what reading it back needs to know."""
        if self.kind == SQLITE:
            copy_sqlite(self.connection, folder / f"{self.service}.db")
            return {}
        return copy_tables_out(self.connection, folder / self.service)


def copy_sqlite(connection: Connection, target: Path) -> None:
    """Copy an SQLite database as the open transaction sees it."""
    import sqlite3
    from contextlib import closing

    driver: Any = connection.connection.dbapi_connection
    with closing(sqlite3.connect(target)) as copy:
        driver.backup(copy)
        # A copy that needs no second file beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def copy_tables_out(connection: Connection, folder: Path) -> dict[str, Any]:
    """Write each table into a file of its own, as COPY does, with the columns and the counters that it belongs to."""
    folder.mkdir()
    driver: psycopg.Connection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
    tables = {
        name: [column["name"] for column in inspect(connection).get_columns(name) if "computed" not in column]
        for name in inspect(connection).get_table_names()
        if name != "alembic_version"
    }
    for name, columns in tables.items():
        with (
            (folder / name).open("wb") as file,
            driver.cursor().copy(copying(name, columns, "TO STDOUT")) as copy,
        ):
            for part in copy:
                file.write(part)
    counters = connection.execute(
        text("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()")
    )
    return {"tables": tables, "counters": {row.sequencename: row.last_value for row in counters}}


def copying(table: str, columns: Iterable[str], how: str) -> sql.Composed:
    """Return the COPY of a table's columns."""
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    return sql.SQL("COPY {} ({}) " + how).format(sql.Identifier(table), names)


def is_empty(url: str) -> bool:
    """Say whether a database may be filled: it has no tables, or is a file that does not exist."""
    file = file_of(url)
    if file is not None:
        return not file.exists()
    engine = open_engine(url)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def fill(service: str, url: str, folder: Path, known: dict[str, Any]) -> None:
    """Put a database back from what was written out, and bring it to the version of this code."""
    file = file_of(url)
    if file is not None:
        (folder / f"{service}.db").replace(file)
        file.chmod(0o600)
    engine = open_engine(url)
    try:
        migrate.upgrade(engine, versions_of(service))
        if file is None:
            copy_tables_in(engine, folder / service, known)
    finally:
        engine.dispose()


def versions_of(service: str) -> Path:
    """Return where a service's migrations are."""
    return SERVICES / service / "migrations" / "versions"


def heads_of(service: str) -> set[str]:
    """Return the versions that this code's tables have."""
    return migrate.written([migrate.BACKBONE, versions_of(service)])[1]


def copy_tables_in(engine: Engine, folder: Path, known: dict[str, Any]) -> None:
    """Fill tables from the files that `copy_tables_out` wrote; all of them, or none."""
    with engine.begin() as connection:
        driver: psycopg.Connection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
        # What refers to others after those.
        ordered = [name for name, _ in inspect(connection).get_sorted_table_and_fkc_names() if name is not None]
        order = [name for name in ordered if name in known["tables"]]
        for name in reversed(order):
            driver.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for name in order:
            with (
                (folder / name).open("rb") as file,
                driver.cursor().copy(copying(name, known["tables"][name], "FROM STDIN")) as copy,
            ):
                while part := file.read(CHUNK):
                    copy.write(part)
        for counter, last in known["counters"].items():
            if last is not None:
                driver.execute("SELECT setval(quote_ident(%s)::regclass, %s)", [counter, last])
