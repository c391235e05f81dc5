"""What fault tests share: the process from which services are forked, and a platform of such services."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conftest import Templates
from tests.faults.processes import Fleet, Nursery, run_fleet


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Imports the services once for all tests of a worker."""
    started = Nursery()
    yield started
    started.close()


@pytest.fixture
def database() -> str:
    """On which kind of database the platform runs; a test that needs another parametrises it."""
    return "sqlite"


@pytest.fixture
async def fleet(nursery: Nursery, templates: Templates, tmp_path: Path, database: str) -> AsyncIterator[Fleet]:
    """A platform of processes."""
    async with run_fleet(nursery, tmp_path, lambda name: templates.copy(database, name, tmp_path)) as running:
        yield running
