"""A store of the first version, with people in the middle of a course, goes on as the newest one."""

from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from shared import migrate
from tests.conftest import SERVICES
from tests.servers import execute

VERSIONS = SERVICES / "training" / "migrations" / "versions"
NOW = "2026-01-02 03:04:05"
ROWS = [
    "INSERT INTO courses VALUES ('c', 'answering', 'Answering', '', 1, 2, '{now}')",
    "INSERT INTO course_versions VALUES ('v', 'answering', 1, '[]', '{now}')",
    "INSERT INTO enrolments VALUES ('e', 'p', 'answering', 1, '{now}', NULL)",
    "INSERT INTO lessons_read VALUES ('e', 'listen', '{now}')",
    "INSERT INTO marks VALUES ('consumer.types', '[]')",
]


def upgrade_to(connection: Connection, revision: str) -> None:
    """Bring an empty database to an earlier version of the training service, as `shared.migrate` does to the newest."""
    script = ScriptDirectory(str(migrate.BACKBONE.parent), version_locations=[str(migrate.BACKBONE), str(VERSIONS)])

    def steps(present: Any, _context: object) -> Any:
        return script._upgrade_revs("backbone@head", present) + script._upgrade_revs(revision, present)

    environment = EnvironmentContext(Config(), script, fn=steps)
    environment.configure(connection=connection, render_as_batch=True)
    with environment.begin_transaction():
        environment.run_migrations()
    connection.commit()


def test_lessons_that_were_read_stay_done_and_versions_stay_in_force(
    database_kind: str, tmp_path: Any, request: Any
) -> None:
    engine = fresh(database_kind, tmp_path, request)
    with engine.connect() as connection:
        upgrade_to(connection, "training_0001")
        for row in ROWS:
            connection.execute(text(row.format(now=NOW)))
        connection.commit()
    migrate.upgrade(engine, VERSIONS)

    with engine.connect() as connection:

        def one(query: str) -> Any:
            return connection.execute(text(query)).one()

        assert one("SELECT enrolment, module FROM modules_done") == ("e", "listen")
        assert str(one("SELECT published_at FROM course_versions")[0]).startswith(NOW)
        assert one("SELECT version, due_at, completed_at FROM enrolments") == (1, None, None)
        told_anew = connection.execute(text("SELECT value FROM marks WHERE name = 'consumer.types'")).all()
        assert told_anew == [], "the words of sections come with the next snapshot"
    engine.dispose()


def fresh(kind: str, folder: Any, request: Any) -> Engine:
    """Return an empty database."""
    if kind == "sqlite":
        return create_engine(f"sqlite:///{folder}/old.db")
    server = request.getfixturevalue("postgresql_server")
    execute(server, "CREATE DATABASE old_training")
    return create_engine(f"{server}/old_training")
