"""Fixtures on real parts: `platform` is everything, `database_url` one service's migrated database on each kind."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import pytest_asyncio
from hypothesis import settings
from sqlalchemy import create_engine

from services.serving import rest_from_collecting
from shared import migrate
from shared.clock import ShiftedClock
from shared.db import Database
from shared.engines import create_sqlite
from tests.compiling import compile_once
from tests.servers import NatsServer, copy_database, execute, postgresql

if TYPE_CHECKING:
    from tests.platform import Platform

SERVICES = Path(__file__).parent.parent / "services"
KINDS = ("sqlite", "postgresql")
LONG = (
    "contracts/test_fuzz.py",
    "faults/",
    "journeys/",
    "browser/",
    "training/test_time_travel.py",
    "training/test_certificates_concurrently.py",
    "monitoring/test_bad_input.py",
)
"""Where tests are that take long; `make test` hands out files in the order in which they were collected."""

MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes folders in it that only we can enter
ROOM = 12 * 1024**3
"""How many bytes must be free before tests write to memory; a run leaves 2 of its 4 GB there."""

DatabaseUrl = Callable[[str], str]

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory where there is room: measured, a tenth of their processor time, and more of the wait."""
    if config.option.basetemp is None and "PYTEST_DEBUG_TEMPROOT" not in os.environ and has_room(MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Tell whether a folder in memory can be written to, and neither it nor the machine is short of space."""
    if not os.access(folder, os.W_OK):
        return False
    return min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) > ROOM


def pytest_collection_finish() -> None:
    """Look for garbage as seldom as the services do, and compile statements once: each is a tenth of what the tests take."""
    rest_from_collecting()
    compile_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: begun last, it would be what one worker does while the others have nothing left."""
    tests = Path(__file__).parent
    items.sort(key=lambda item: not item.path.relative_to(tests).as_posix().startswith(LONG))


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server of the test's own."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    # Its store is thrown away: to end in order would take it 50 ms more.
    server.kill()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """One PostgreSQL server for all tests of a worker, in memory where there is room: a copy of a database takes a fifth then."""
    where = MEMORY if has_room(MEMORY) else None
    kept = tempfile.TemporaryDirectory(prefix="shareload-postgresql-", dir=where, ignore_cleanup_errors=True)
    with kept as folder, postgresql(Path(folder)) as url:
        yield url


class Templates:
    """Migrated databases that tests copy, one of each service and kind."""

    def __init__(self, folder: Path, request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._request = request
        self._made: set[tuple[str, str]] = set()
        self._on_server: list[str] = []

    def copy(self, kind: str, service: str, folder: Path) -> str:
        """Return the URL of a fresh copy."""
        if kind == "sqlite":
            template = self._folder / f"{service}.db"
            if (kind, service) not in self._made:
                self._migrate(f"sqlite:///{template}", kind, service)
            shutil.copy(template, folder / f"{service}.db")
            return f"sqlite:///{folder / service}.db"
        server: str = self._request.getfixturevalue("postgresql_server")
        if (kind, service) not in self._made:
            execute(server, f"CREATE DATABASE template_{service}")
            self._migrate(f"{server}/template_{service}", kind, service)
        name = f"{service}_{uuid.uuid4().hex}"
        copy_database(server, f"template_{service}", name)
        self._on_server.append(name)
        return f"{server}/{name}"

    def drop_copies(self) -> None:
        """Drop the copies on the server: kept, they were gigabytes, which took it a quarter of a minute to delete."""
        while self._on_server:
            execute(
                self._request.getfixturevalue("postgresql_server"), f"DROP DATABASE {self._on_server.pop()} (FORCE)"
            )

    def _migrate(self, url: str, kind: str, service: str) -> None:
        # As a service opens it: two first connections at once must not both switch the file to WAL.
        engine = create_sqlite(url, "BEGIN") if kind == "sqlite" else create_engine(url)
        migrate.upgrade(engine, None if service == "backbone" else SERVICES / service / "migrations" / "versions")
        engine.dispose()
        self._made.add((kind, service))


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Templates:
    """Migrated databases to copy."""
    return Templates(tmp_path_factory.mktemp("templates"), request)


@pytest.fixture(autouse=True)
def no_copies_left(templates: Templates) -> Iterator[None]:
    """Drop what a test had on the server once all else of it has ended."""
    yield
    templates.drop_copies()


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Both kinds of database, for tests of what depends on storage."""
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, templates: Templates, tmp_path: Path) -> DatabaseUrl:
    """Make a migrated database: `database_url("training")` returns its URL; each test runs on both kinds."""

    def make(service: str) -> str:
        return templates.copy(database_kind, service, tmp_path)

    return make


@pytest.fixture
def clock() -> ShiftedClock:
    """A clock that the test moves."""
    return ShiftedClock()


@pytest.fixture
def open_database(database_url: DatabaseUrl, clock: ShiftedClock) -> Iterator[Callable[[str], Database]]:
    """Open a fresh database of a service, closed after the test."""
    opened: list[Database] = []

    def make(service: str) -> Database:
        opened.append(Database(database_url(service), clock))
        return opened[-1]

    yield make
    for database in opened:
        database.stop()


@pytest.fixture
async def platform(tmp_path: Path, nats: NatsServer, templates: Templates) -> AsyncIterator["Platform"]:
    """The whole platform on SQLite."""
    from tests.platform import run_platform

    folder = tmp_path / "platform"
    folder.mkdir()
    async with run_platform(folder, nats.url, lambda service: templates.copy("sqlite", service, folder)) as running:
        yield running


@pytest.fixture
async def platform_on_both(
    tmp_path: Path, nats: NatsServer, templates: Templates, database_kind: str
) -> AsyncIterator["Platform"]:
    """The whole platform, once on each kind of database."""
    from tests.platform import run_platform

    folder = tmp_path / "platform"
    folder.mkdir()
    async with run_platform(
        folder, nats.url, lambda service: templates.copy(database_kind, service, folder)
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_platform(tmp_path_factory: pytest.TempPathFactory, templates: Templates) -> AsyncIterator["Platform"]:
    """One platform for the tests of a module that leave it as it was; their loop is the module's, too (`loop_scope`)."""
    from tests.platform import run_platform

    folder = tmp_path_factory.mktemp("lasting")
    nats = NatsServer(folder / "nats")
    nats.start()
    try:
        async with run_platform(folder, nats.url, lambda service: templates.copy("sqlite", service, folder)) as running:
            yield running
    finally:
        nats.kill()
