"""A store of an earlier version is told anew what its copies have not heard."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from shared import migrate
from tests.conftest import SERVICES

VERSIONS = SERVICES / "monitoring" / "migrations" / "versions"


def upgrade_to(connection: Connection, revision: str) -> None:
    """Bring an empty database to an earlier version, as `shared.migrate` does to the newest."""
    script = ScriptDirectory(str(migrate.BACKBONE.parent), version_locations=[str(migrate.BACKBONE), str(VERSIONS)])

    def steps(present: Any, _context: object) -> Any:
        return script._upgrade_revs("backbone@head", present) + script._upgrade_revs(revision, present)

    environment = EnvironmentContext(Config(), script, fn=steps)
    environment.configure(connection=connection, render_as_batch=True)
    with environment.begin_transaction():
        environment.run_migrations()
    connection.commit()


def test_managers_and_headings_come_with_the_next_snapshot_for_those_who_were_known_before(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.connect() as connection:
        upgrade_to(connection, "monitoring_0009")
        connection.execute(
            text(
                "INSERT INTO people (id, employee_number, department, languages, active) "
                "VALUES ('p', 'E-1', 'Support', '[]', 1)"
            )
        )
        connection.execute(text("INSERT INTO marks VALUES ('consumer.types', '[]'), ('consumer.position', '7')"))
        connection.commit()
    migrate.upgrade(engine, VERSIONS)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT employee_number, manager FROM people")).one() == ("E-1", None)
        marks = connection.execute(text("SELECT name FROM marks")).scalars().all()
        assert marks == ["consumer.position"], "without its mark, all types count as new and snapshots are loaded"
    engine.dispose()
