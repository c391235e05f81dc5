"""Migrations and models say the same, on both databases; two starts at once migrate once, and one that fails leaves nothing."""

import importlib
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from shared import migrate, tables
from shared.engines import create_sqlite
from tests.conftest import SERVICES
from tests.servers import execute

DatabaseUrl = Callable[[str], str]
VERSIONS = SERVICES / "policy" / "migrations" / "versions"
START = """
import sys
from pathlib import Path
from shared import migrate
from tests.contracts.test_migrations import opened

engine = opened(sys.argv[1])
engine.connect().close()
print("here", flush=True)
migrate.upgrade(engine, Path(sys.argv[2]))
"""
BROKEN = """
import sqlalchemy as sa
from alembic import op

revision = "policy_9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("half_made", sa.Column("id", sa.String(), primary_key=True))
    raise RuntimeError("half way")
"""


def opened(url: str) -> Engine:
    """Open a database as a service does at its start."""
    return create_sqlite(url, "BEGIN") if url.startswith("sqlite") else create_engine(url)


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database in which nothing is."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"empty_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    yield f"{server}/{name}"
    execute(server, f"DROP DATABASE {name} (FORCE)")


@pytest.mark.parametrize("service", ["policy", "training", "monitoring", "gateway"])
def test_the_models_ask_for_nothing_that_the_migrations_do_not_make(service: str, database_url: DatabaseUrl) -> None:
    engine = create_engine(database_url(service))
    models = importlib.import_module(f"services.{service}.tables").metadata
    missing = migrate.missing(engine, [tables.metadata, models])
    engine.dispose()
    assert missing.as_diffs() == []


def test_a_store_of_a_newer_version_is_refused_in_one_sentence(database_url: DatabaseUrl) -> None:
    engine = create_engine(database_url("policy"))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('policy_9999')"))
    with pytest.raises(migrate.StoreIsNewer, match=r"newer version of Shareload .*policy_9999"):
        migrate.upgrade(engine, SERVICES / "policy" / "migrations" / "versions")
    engine.dispose()


def test_migrating_again_changes_nothing(database_url: DatabaseUrl) -> None:
    engine = create_engine(database_url("training"))
    before = heads(engine)
    migrate.upgrade(engine, SERVICES / "training" / "migrations" / "versions")
    assert heads(engine) == before
    assert len(before) == 2
    engine.dispose()


def test_two_that_start_at_once_migrate_one_after_the_other(empty_url: str) -> None:
    engine = opened(empty_url)
    with ExitStack() as running:
        with engine.connect() as connection, migrate.locked(connection):
            starts = [
                running.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-c", START, empty_url, str(VERSIONS)], stdout=subprocess.PIPE, text=True
                    )
                )
                for _ in range(2)
            ]
            for start in starts:
                assert start.stdout is not None
                assert start.stdout.readline() == "here\n"
            # Whoever has the lock is alone: neither has begun.
            assert migrate.present_in(connection) == set()
        assert [start.wait() for start in starts] == [0, 0]
    assert heads(engine) == migrate.written([migrate.BACKBONE, VERSIONS])[1]
    engine.dispose()


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty_url: str, tmp_path: Path) -> None:
    engine = opened(empty_url)
    migrate.upgrade(engine, VERSIONS)
    before = heads(engine)
    newer = tmp_path / "versions"
    shutil.copytree(VERSIONS, newer, ignore=shutil.ignore_patterns("__pycache__"))
    [newest] = [head for head in before if head.startswith("policy")]
    (newer / "policy_9999.py").write_text(BROKEN.format(newest=newest))
    with pytest.raises(RuntimeError, match="half way"):
        migrate.upgrade(engine, newer)
    assert heads(engine) == before
    assert not inspect(engine).has_table("half_made")
    engine.dispose()


def heads(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
