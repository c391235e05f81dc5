"""A migrated database of the monitoring service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.clock import ShiftedClock
from shared.db import Database
from tests.conftest import Templates


@pytest.fixture
def db(templates: Templates, tmp_path: Path, clock: ShiftedClock) -> Iterator[Database]:
    """Open one on SQLite, for what does not depend on storage."""
    database = Database(templates.copy("sqlite", "monitoring", tmp_path), clock)
    yield database
    database.stop()


@pytest.fixture
def db_on_both(open_database: Callable[[str], Database]) -> Database:
    """Open one on each kind of database, for what does."""
    return open_database("monitoring")
