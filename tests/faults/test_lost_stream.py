"""The broker's store is gone: within the retention the outboxes fill it again, after it the owners tell their state.

Proves over real processes that copies which were lost together with every event that made them come back from the
owners' snapshots, that nothing is done twice on the way, and that a reader of the public stream is told once to look
at the present state. The age of the outboxes and inboxes is made by the services' own sweeps with a clock moved on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
from sqlalchemy import create_engine, delete

from services import SERVICES
from services.gateway import tables as gateway
from services.gateway.domain import event_log
from shared import inbox, outbox, tables
from shared.clock import ShiftedClock
from shared.db import Database
from tests.faults.copies import METADATA, Copies
from tests.faults.load import Load
from tests.faults.processes import Fleet, until

AGE = timedelta(days=46)
"""Longer than stream, outbox, inbox and public log keep anything."""
COPIES = {
    "policy": ["people", "certificates", "accounts", "conversations"],
    "training": ["acknowledgements", "policy_versions"],
    "monitoring": ["people", "certificates", "policy_rules", "policies_in_force"],
    "gateway": ["people", "seats", "policy_answers", "policy_translations"],
}
CONVERGED_WITHIN = 30.0


@contextlib.asynccontextmanager
async def some_life(fleet: Fleet) -> AsyncIterator[Load]:
    """Let people learn and posts come in until there is something of everything."""
    load = Load(fleet)
    try:
        await load.prepare(10)
        load.start()
        await until(lambda: len(load.certified) >= 2 and len(load.matching) >= 2, "some life")
        await load.finish()
        await meet_customers(fleet)
        await fleet.settled(CONVERGED_WITHIN)
        yield load
    finally:
        await load.stop()


async def meet_customers(fleet: Fleet) -> None:
    """Register two accounts and give one up, and let two customers write."""
    async with fleet.client() as client:
        for name in ("care", "old"):
            account = {"network": "mastodon", "handle": f"@harbour-{name}", "kind": "brand"}
            made = await client.post("/v1/accounts", json=account)
            assert made.status_code == 201, made.text
        assert (await client.delete(f"/v1/accounts/{made.json()['id']}")).status_code == 204
        for thread in ("t-1", "t-2"):
            message = {"network_id": f"{thread}-1", "text": "Where is my parcel?"}
            body = {"network": "email", "thread": thread, "customer": "C-7", "messages": [message]}
            assert (await client.post("/v1/conversations", json=body)).is_success


class Reader:
    """A client of the public event stream: what it was sent, and where it stands."""

    def __init__(self, response: httpx.Response) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.cursor = ""
        self._response = response

    async def read(self) -> None:
        """Read until cancelled."""
        async for line in self._response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                self.cursor = value
            elif name == "event":
                event_type = value
            elif name == "data":
                self.events.append((event_type, orjson.loads(value)))

    def types(self) -> list[str]:
        """Return the types of what was sent, in order."""
        return [event_type for event_type, _ in self.events]


@contextlib.asynccontextmanager
async def reading(fleet: Fleet, after: str) -> AsyncIterator[Reader]:
    """Follow the public event stream from a cursor on."""
    async with fleet.client() as client, client.stream("GET", "/v1/events", headers={"Last-Event-ID": after}) as stream:
        assert stream.status_code == 200
        reader = Reader(stream)
        task = asyncio.create_task(reader.read())
        try:
            yield reader
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def newest_cursor(fleet: Fleet) -> str:
    """Return the cursor after all events so far."""
    async with fleet.client() as client:
        cursor = "start"
        while True:
            page = await client.get(
                "/v1/events", params={"after": cursor, "limit": 1000}, headers={"Accept": "application/x-ndjson"}
            )
            if not page.content:
                return cursor
            cursor = page.headers["Next-Cursor"]


async def hire(fleet: Fleet, employee_number: str) -> None:
    """Add a person."""
    person = {
        "employee_number": employee_number, "name": "Late Comer", "email": f"{employee_number}@harbour.example",
        "department": "Care", "region": "EMEA", "languages": ["en"],
    }  # fmt: skip
    async with fleet.client() as client:
        assert (await client.post("/v1/people", json=person)).status_code == 201


async def test_copies_come_back_from_snapshots_when_every_event_is_gone(fleet: Fleet) -> None:
    async with some_life(fleet) as load:
        cursor = await newest_cursor(fleet)
        with Copies(fleet) as copies:
            before = everything(copies)
        assert set(before["posts"]) == set(load.posts)

        await fleet.stop()
        fleet.broker.kill()
        fleet.broker.delete_store()
        for name in SERVICES:
            await let_age(fleet, name)
            lose_copies(fleet, name)
        (fleet.folder / "clock").write_text(str(AGE.total_seconds()))
        fleet.broker.start()
        for name in SERVICES:
            fleet.start(name)
        await fleet.ready()
        await fleet.settled(CONVERGED_WITHIN)

        with Copies(fleet) as copies:
            assert everything(copies) == before
        await check_resync(fleet, cursor)


def everything(copies: Copies) -> dict[str, Any]:
    """Return what the owners have; each read also compares the copies with it."""
    return {
        "people": copies.people(),
        "rules": copies.rules(),
        "acknowledgements": copies.acknowledgements(),
        "certificates": copies.certificates(),
        "posts": copies.posts(),
        "findings": copies.findings(),
        "accounts": copies.accounts(),
        "conversations": copies.conversations(),
    }


async def let_age(fleet: Fleet, name: str) -> None:
    """Let a service that is stopped forget what it keeps for a while only, as it would in time."""
    db = Database(fleet.database_urls[name], ShiftedClock(AGE))
    await db.write(outbox.sweep)
    await db.write(inbox.sweep)
    if name == "gateway":
        await db.write(event_log.forget_old)
    db.stop()
    engine = create_engine(fleet.database_urls[name])
    with engine.connect() as connection:
        for table in (tables.outbox, tables.inbox, *([gateway.event_log] if name == "gateway" else [])):
            assert connection.execute(table.select()).first() is None
    engine.dispose()


def lose_copies(fleet: Fleet, name: str) -> None:
    """Empty the tables in which a service keeps what others told."""
    engine = create_engine(fleet.database_urls[name])
    with engine.begin() as connection:
        for table in COPIES[name]:
            connection.execute(delete(METADATA[name].tables[table]))
    engine.dispose()


async def check_resync(fleet: Fleet, cursor: str) -> None:
    """A reader from before is told once to look at the present state, and goes on; its new cursor is good."""
    async with reading(fleet, cursor) as reader:
        await until(lambda: bool(reader.events), "the resync event")
        event_type, data = reader.events[0]
        assert event_type == "resync"
        assert "/v1/people" in data["snapshots"]
        await hire(fleet, "L-1")
        await until(lambda: "training.person.changed.v1" in reader.types(), "the next event")
        assert reader.types().count("resync") == 1
    async with reading(fleet, data["cursor"]) as reader:
        await until(lambda: "training.person.changed.v1" in reader.types(), "what came after the resync")
        assert "resync" not in reader.types()


async def test_a_store_lost_within_the_retention_is_filled_again_while_all_run(fleet: Fleet) -> None:
    async with some_life(fleet), reading(fleet, await newest_cursor(fleet)) as reader:
        with Copies(fleet) as copies:
            before = everything(copies)
            published = set(copies.published())

        fleet.broker.kill()
        fleet.broker.delete_store()
        fleet.broker.start()
        await hire(fleet, "L-1")
        await until(
            lambda: {"training.person.changed.v1", "resync"} <= set(reader.types()), "resync and the next event"
        )
        await fleet.settled(CONVERGED_WITHIN)

        with Copies(fleet) as copies:
            after = everything(copies)
            assert await copies.check_events() == 0
            copies.check_told()
            assert published < set(copies.published())
        assert after.pop("people").keys() == before.pop("people").keys() | {"L-1"}
        assert after == before
        assert reader.types().count("resync") == 1
