"""Signed heads go to witnesses outside, who can tell later whether a log was written anew."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import pytest

from services.gateway.connectors.witnesses import Witnesses
from services.gateway.domain.webhooks.addresses import AddressRefused
from services.gateway.evidence.gathering import Evidence
from services.gateway.settings import GatewaySettings
from tests.gateway.story import add_people
from tests.platform import Platform


@dataclass
class Witness:
    """A server that keeps what it is sent, or refuses it."""

    status: int = 200
    kept: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/heads"

    def heads(self, service: str) -> list[int]:
        """Return the numbers of the heads of a service, as they came."""
        return [head["number"] for each in self.kept for head in each["items"] if head["service"] == service]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one message."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        if self.status == 200:
            self.kept.append(body)
        self.told.set()
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % self.status)
        writer.close()


@asynccontextmanager
async def witness() -> AsyncIterator[Witness]:
    """Run a witness on loopback."""
    made = Witness()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def settings_for(platform: Platform, *urls: str) -> GatewaySettings:
    """Return settings of a gateway with witnesses on loopback."""
    running: GatewaySettings = platform.running["gateway"].app.state.settings
    return running.model_copy(
        update={"witnesses": urls, "witness_every": 0.05, "webhooks_also": (IPv4Network("127.0.0.0/8"),)}
    )


def evidence_of(platform: Platform) -> Evidence:
    """Return what the gateway reads heads by."""
    state = platform.running["gateway"].app.state
    return Evidence(state.doors.forwarder, state.db, state.sealer.public_key().public_bytes_raw().hex())


async def seal(platform: Platform) -> None:
    """Put what was entered under a head."""
    state = platform.running["training"].app.state
    await state.db.write(state.sealer.seal)


async def test_each_head_comes_once_and_in_order_also_to_a_witness_that_was_away(platform: Platform) -> None:
    db = platform.running["gateway"].app.state.db
    async with witness() as one, witness() as other:
        both = Witnesses(settings_for(platform, one.url, other.url))

        async def send() -> list[bool]:
            evidence = evidence_of(platform)
            return [await both.send(each.url, evidence, db, platform.clock) for each in (one, other)]

        await add_people(platform, 1)
        await seal(platform)
        assert await send() == [True, True]
        first = one.heads("training")
        assert first[0] == 1
        other.status = 500
        await platform.client.patch("/v1/people/E-1", json={"region": "APAC"})
        await seal(platform)
        assert await send() == [True, False]
        other.status = 200
        assert await send() == [True, True]

        assert one.heads("training") == list(range(1, len(one.heads("training")) + 1))
        assert len(one.heads("training")) > len(first)
        assert other.heads("training") == one.heads("training")
        assert set(one.kept[0]["public_keys"]) == {"policy", "training", "monitoring", "gateway"}


async def test_the_worker_sends_by_itself_and_refuses_witnesses_inside(platform: Platform) -> None:
    state = platform.running["gateway"].app.state
    async with witness() as one:
        worker = asyncio.create_task(Witnesses(settings_for(platform, one.url)).run(state.db, state.bus))
        await add_people(platform, 1)
        await seal(platform)
        async with asyncio.timeout(20):
            while not one.heads("training"):
                await one.told.wait()
                one.told.clear()
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    inside = state.settings.model_copy(update={"witnesses": ("https://127.0.0.1/heads",)})
    with pytest.raises(AddressRefused):
        Witnesses(inside)
