"""Migrations and models say the same, on both databases; an older program refuses a newer store."""

import importlib
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, create_engine, text

from shared import migrate, tables
from tests.conftest import SERVICES

DatabaseUrl = Callable[[str], str]


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


def heads(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())
