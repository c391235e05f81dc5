"""PostgreSQL that does not come to an end: who asks is told so in time, and the next one is answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from services.gateway.app import create_app
from shared.clock import ShiftedClock
from shared.db import Database, Session
from shared.engines import Timeouts
from shared.statements import Prebuilt
from shared.units import StorageTooSlow
from tests.conftest import Templates
from tests.gateway.telling import KEY, settings_for
from tests.servers import NatsServer

ASLEEP = Prebuilt(select(func.pg_sleep(60)))
TIMEOUTS = {"statement_timeout": 1.0, "lock_timeout": 0.5}


def sleep(session: Session) -> None:
    session.execute(text("SELECT pg_sleep(60)"))


def sleep_by_the_driver(session: Session) -> None:
    ASLEEP.first(session)


def one(session: Session) -> int:
    return int(session.execute(text("SELECT 1")).scalar_one())


@pytest.mark.parametrize("unit", [sleep, sleep_by_the_driver])
async def test_a_statement_without_end_is_given_up_and_its_connection_is_of_use_again(
    unit: Callable[[Session], None], tmp_path: Path, clock: ShiftedClock, templates: Templates
) -> None:
    db = Database(templates.copy("postgresql", "backbone", tmp_path), clock, Timeouts(statement=0.2, lock=0.2))
    async with asyncio.timeout(30):
        # First a thread's, then the loop's: whoever waits takes no processor time.
        for ask in (db.read, db.read, db.write, db.write):
            with pytest.raises(StorageTooSlow):
                await ask(unit)
            assert await ask(one) == 1
    db.stop()


async def test_tools_and_migrations_have_the_time_that_they_need(
    tmp_path: Path, clock: ShiftedClock, templates: Templates
) -> None:
    db = Database(templates.copy("postgresql", "backbone", tmp_path), clock)
    shown = await db.read(lambda session: session.execute(text("SHOW statement_timeout")).scalar_one())
    assert shown == "0"
    db.stop()


class Slow:
    """A gateway, and a way to hold one of its tables."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, url: str) -> None:
        self.app = app
        self.client = client
        self._url = url.replace("+psycopg", "")

    def hold(self, table: str) -> psycopg.Connection:
        """Lock a table until the connection is closed."""
        connection = psycopg.connect(self._url)
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return connection


@pytest.fixture
async def slow(tmp_path: Path, nats: NatsServer, templates: Templates, clock: ShiftedClock) -> AsyncIterator[Slow]:
    """Run the gateway on PostgreSQL, with little patience."""
    url = templates.copy("postgresql", "gateway", tmp_path)
    app = create_app(settings_for(tmp_path, nats.url, url).model_copy(update=TIMEOUTS))
    app.state.clock = clock
    headers = {"Authorization": f"Bearer {KEY}"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers, timeout=60) as client,
    ):
        yield Slow(app, client, url)


async def test_requests_that_wait_for_a_held_table_are_answered_503_and_work_once_it_is_free(slow: Slow) -> None:
    async with asyncio.timeout(60):
        with slow.hold("api_keys"):
            body = {"name": "hr", "scopes": ["people:read"]}
            for _ in range(3):
                read = await slow.client.get("/v1/api-keys")
                write = await slow.client.post("/v1/api-keys", json=body, headers={"Idempotency-Key": "once"})
                for answer in (read, write):
                    assert answer.status_code == 503, answer.text
                    assert answer.json()["type"].endswith("/storage-too-slow")
                    assert int(answer.headers["Retry-After"]) >= 1
        made = await slow.client.post("/v1/api-keys", json=body, headers={"Idempotency-Key": "once"})
        assert made.status_code == 201, made.text
        listed = (await slow.client.get("/v1/api-keys")).json()["items"]
        assert [key["name"] for key in listed].count("hr") == 1, listed
