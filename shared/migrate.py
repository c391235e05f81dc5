"""Bring a database to the version of this code, under a lock, at each start.

Two histories stand side by side in one database: `backbone` (the tables of `shared/tables.py`) and the service's own.
`python -m shared.migrate SERVICE` prints the operations that the models ask for beyond the newest migration.

Alembic is imported only where there is something to do: it takes 12 MB of a process that seldom needs it.
"""

import fcntl
import importlib
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, text

from shared import tables
from shared.problems import Problem

if TYPE_CHECKING:
    from alembic.operations.ops import MigrationScript, UpgradeOps

BACKBONE = Path(__file__).parent / "migrations" / "versions"
LOCK = 7_110_001


class StoreIsNewer(Problem):
    """The store was written by a newer version of Shareload."""


def upgrade(engine: Engine, versions: Path | None) -> None:
    """Run what is missing of both histories (`versions`: the service's folder); raises StoreIsNewer when the database knows more than this code."""
    folders = [folder for folder in (BACKBONE, versions) if folder is not None]
    known, heads = written(folders)
    with engine.connect() as connection, locked(connection):
        present = present_in(connection)
        connection.rollback()
        if present - known:
            raise StoreIsNewer(
                f"This store was written by a newer version of Shareload ({', '.join(sorted(present - known))}); start that version or choose another data folder."
            )
        if present != heads:
            run(connection, folders)


def written(folders: Iterable[Path]) -> tuple[set[str], set[str]]:
    """Return the revisions that the files in folders name, and those of them that no other builds on."""
    texts = [file.read_text() for folder in folders for file in folder.glob("*.py")]
    known, built_on = (
        {name for text in texts for name in re.findall(rf'^{word}(?:: [^=]+)? = "(.+)"$', text, re.MULTILINE)}
        for word in ("revision", "down_revision")
    )
    return known, known - built_on


def present_in(connection: Connection) -> set[str]:
    """Return the revisions that a database is at; none for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def run(connection: Connection, folders: Iterable[Path]) -> None:
    """Upgrade to the heads of all branches in one transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(BACKBONE.parent), version_locations=[str(folder) for folder in folders])

    def steps(present: Any, _context: object) -> Any:
        return script._upgrade_revs("heads", present)  # noqa: SLF001  what alembic's own command does

    environment = EnvironmentContext(Config(), script, fn=steps)
    environment.configure(connection=connection, render_as_batch=True)
    with environment.begin_transaction():
        environment.run_migrations()
    connection.commit()


@contextmanager
def locked(connection: Connection) -> Iterator[None]:
    """Hold the one lock under which a database is migrated."""
    if connection.dialect.name == "postgresql":
        # A migration has the time that it needs, and so has who waits for another's.
        connection.execute(text("SET statement_timeout = 0; SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.execute(text("RESET statement_timeout; RESET lock_timeout"))
            connection.commit()
        return
    path = Path(f"{connection.engine.url.database}.lock")
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def missing(engine: Engine, metadata: Sequence[MetaData]) -> "UpgradeOps":
    """Return the operations by which the database would agree with the models."""
    from alembic.autogenerate import produce_migrations
    from alembic.migration import MigrationContext

    with engine.connect() as connection, warnings.catch_warnings():
        # SQLite says nothing of an index on an expression, so Alembic leaves the models' out as well.
        warnings.filterwarnings("ignore", ".*expression-based index")
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "target_metadata": list(metadata), "include_name": modelled}
        )
        script: MigrationScript = produce_migrations(context, list(metadata))  # type: ignore[arg-type]
    assert script.upgrade_ops is not None  # noqa: S101  alembic always sets it
    return script.upgrade_ops


def modelled(name: str | None, kind: str, _parents: object) -> bool:
    """Tell whether a table of the database has a model: a full-text index (`fts_...`) is the database's own affair."""
    return kind != "table" or name is None or not name.startswith("fts_")


def main(service: str) -> None:
    """Print the operations that the next migration of a service needs."""
    from alembic.autogenerate import render_python_code

    engine = create_engine("sqlite://")
    metadata = [tables.metadata]
    if service != "backbone":
        module = importlib.import_module(f"services.{service}.tables")
        [package] = importlib.import_module(f"services.{service}").__path__
        upgrade_in = Path(package) / "migrations" / "versions"
        path = Path(".data") / "migrate-scratch.db"
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        engine = create_engine(f"sqlite:///{path}")
        upgrade(engine, upgrade_in)
        metadata.append(module.metadata)
    sys.stdout.write(render_python_code(missing(engine, metadata), render_as_batch=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
