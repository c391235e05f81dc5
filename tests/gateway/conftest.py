"""The gateway alone, with endpoints to tell."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.clock import ShiftedClock
from tests.conftest import Templates
from tests.gateway.mailing import Mailbox, Post, mailing, running
from tests.gateway.telling import Telling, receiving, settings_for, telling
from tests.servers import NatsServer


@pytest.fixture
async def gateway(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock
) -> AsyncIterator[Telling]:
    """Run the gateway on SQLite, with endpoints on loopback."""
    url = templates.copy("sqlite", "gateway", tmp_path)
    async with receiving() as receiver, telling(settings_for(tmp_path, nats.url, url), clock, receiver) as running:
        yield running


@pytest.fixture
async def gateway_on_both(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock, database_kind: str
) -> AsyncIterator[Telling]:
    """Run the gateway once on each kind of database."""
    url = templates.copy(database_kind, "gateway", tmp_path)
    async with receiving() as receiver, telling(settings_for(tmp_path, nats.url, url), clock, receiver) as running:
        yield running


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    """Run a mail server."""
    async with mailing() as opened:
        yield opened


@pytest.fixture
async def post(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock, database_kind: str, box: Mailbox
) -> AsyncIterator[Post]:
    """Run the gateway with a mail server, once on each kind of database."""
    url = templates.copy(database_kind, "gateway", tmp_path)
    async with running(tmp_path, nats, url, clock, box) as made:
        yield made


@pytest.fixture
async def quick_post(
    tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock, box: Mailbox
) -> AsyncIterator[Post]:
    """Run the gateway with a mail server on SQLite."""
    async with running(tmp_path, nats, templates.copy("sqlite", "gateway", tmp_path), clock, box) as made:
        yield made
