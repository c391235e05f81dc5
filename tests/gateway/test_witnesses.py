"""Signed heads go to witnesses outside, who can tell later whether a log was written anew."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import IPv4Network
from typing import Any

import pytest
from pydantic import SecretStr

from services.gateway.connectors.witnesses import Witnesses
from services.gateway.domain.webhooks.addresses import AddressRefused
from services.gateway.evidence.gathering import Evidence
from services.gateway.settings import GatewaySettings
from tests.gateway.mailing import mailing
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


async def test_a_witness_is_written_to_once_an_hour_and_again_when_the_mail_server_took_nothing(
    platform: Platform,
) -> None:
    state = platform.running["gateway"].app.state
    address = "mailto:council@harbour.example"
    async with mailing() as box:
        by_mail = {"smtp_url": SecretStr(f"smtp://127.0.0.1:{box.port}")}
        settings = settings_for(platform, address).model_copy(update=by_mail)
        witnesses = Witnesses(settings)

        async def send() -> bool:
            await seal(platform)
            return await witnesses.send(address, evidence_of(platform), state.db, platform.clock)

        await add_people(platform, 1)
        box.refusals["*"] = "451 later"
        assert not await send()
        assert witnesses.due(platform.clock) == [address]
        box.refusals.clear()
        assert await send()
        assert witnesses.due(platform.clock) == []
        await platform.client.patch("/v1/people/E-1", json={"region": "APAC"})
        await platform.advance(timedelta(hours=1, seconds=1))
        assert witnesses.due(platform.clock) == [address]
        assert await send()
    kept = [line for each in box.mails for line in attached(each)]
    heads = [head["number"] for each in kept for head in each["items"] if head["service"] == "training"]
    assert len(box.mails) == 2
    assert heads == list(range(1, len(heads) + 1))
    assert {each["To"] for each in box.mails} == {"council@harbour.example"}


@pytest.mark.parametrize("given", [{"smtp_url": None}, {"witnesses": ("mailto:nobody",)}])
def test_a_witness_that_cannot_be_written_to_is_refused_at_the_start(given: dict[str, Any]) -> None:
    settings = GatewaySettings(smtp_url=SecretStr("smtp://localhost"), witnesses=("mailto:council@harbour.example",))
    assert Witnesses(settings)
    with pytest.raises(ValueError, match="needs smtp_url"):
        Witnesses(settings.model_copy(update=given))


def attached(letter: EmailMessage) -> list[dict[str, Any]]:
    """Return what a letter to a witness has attached, as `shareload audit verify --heads` reads it."""
    [part] = letter.iter_attachments()
    content = part.get_content()
    assert isinstance(content, bytes)
    return [json.loads(line) for line in content.splitlines()]
