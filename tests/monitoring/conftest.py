"""The monitoring service and its migrated database."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from shared.clock import ShiftedClock
from shared.db import Database
from tests.conftest import Templates
from tests.monitoring.serving import MonitoringService, serve
from tests.servers import NatsServer


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


@pytest.fixture
async def service(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> AsyncIterator[MonitoringService]:
    """Run the monitoring service on SQLite."""
    async with serve(tmp_path, nats.url, templates.copy("sqlite", "monitoring", tmp_path), clock) as running:
        yield running
