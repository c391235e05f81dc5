"""A store of an earlier version is told anew what its copies have not heard."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlmodel import Session, select

from services.monitoring.tables import Conversation
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


def test_what_somebody_had_accepted_before_stays_theirs_for_a_while_and_not_for_ever(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.connect() as connection:
        upgrade_to(connection, "monitoring_0014")
        row = (
            "INSERT INTO conversations (id, network, thread, customer, kind, urgency, state, opened_at, queued_at, "
            "passed_over, given_back, overdue, revision) VALUES (:state, 'n', 't', 'c', 'other', 1, :state, :at, :at, "
            "'[]', '[]', 0, 1)"
        )
        at = "2026-01-01T00:00:00.000000"
        connection.execute(text(row), [{"state": state, "at": at} for state in ("accepted", "answered")])
        connection.commit()
    before = datetime.now(UTC)
    migrate.upgrade(engine, VERSIONS)
    with Session(engine) as session:
        found = {one.id: one.theirs_until for one in session.execute(select(Conversation)).scalars()}
    assert found["answered"] is None
    assert found["accepted"] is not None
    assert timedelta(hours=3) < found["accepted"] - before < timedelta(hours=5)
    engine.dispose()
