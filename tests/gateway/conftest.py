"""The gateway alone, with endpoints to tell."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.clock import ShiftedClock
from tests.conftest import Templates
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
