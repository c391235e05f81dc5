"""Webhooks lead to public addresses only, whatever a name says, and what is answered there does no harm."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.gateway.connectors import post as posting
from services.gateway.connectors.post import Line
from services.gateway.domain.webhooks.addresses import reachable
from services.gateway.settings import GatewaySettings
from shared.clock import ShiftedClock
from shared.settings import Environment
from shared.tasks import end
from tests.gateway.certificates import self_signed
from tests.gateway.telling import Telling, until

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
REFUSED = (
    "https://10.1.2.3/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/hook",
    "https://[::ffff:10.0.0.1]/hook",
    "https://[64:ff9b::a00:1]/hook",
    "https://[2002:a00:1::]/hook",
    "https://0.0.0.0/hook",
    "https://224.0.0.1/hook",
    "ftp://hr.example/hook",
    "https:///hook",
    "https://user:secret@hr.example/hook",
    "https://hr.example/hook#part",
    "https://hr.example/ho ok",
    "https://hr.example:port/hook",
    "https://hr.exämple/hook",
    "//hr.example",
    "https://hr.example/\r\nX-Injected: 1",
)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Let something listen, and return its port."""
    talks: set[asyncio.Task[None]] = set()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(begin, host, 0, ssl=context)
    async with listening:
        yield int(listening.sockets[0].getsockname()[1])
        await end(*talks)


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take one message and hang up."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
    await writer.drain()
    writer.close()


async def test_an_address_that_leads_inside_or_nowhere_is_refused_at_once(gateway: Telling) -> None:
    for url in REFUSED:
        answer = await gateway.client.post("/v1/webhooks", json={"name": "x", "url": url})
        assert answer.status_code == 422, url
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"], url


@settings(max_examples=50)
@given(st.ip_addresses(v=4))
def test_an_address_inside_is_not_reached_by_way_of_another_notation(address: IPv4Address) -> None:
    mapped = IPv6Address(b"\x00" * 10 + b"\xff\xff" + address.packed)
    translated = IPv6Address(IPv6Address("64:ff9b::").packed[:12] + address.packed)
    relayed = IPv6Address(b"\x20\x02" + address.packed + b"\x00" * 10)
    may = reachable(address, ())
    assert may == (address.is_global and not address.is_multicast)
    assert [reachable(each, ()) for each in (mapped, translated, relayed)] == [may] * 3


async def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    came: list[int] = []

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)
        writer.close()

    async with server(note) as port:
        line = Line(f"https://localhost:{port}/", (), ShiftedClock())
        attempt = await line.post(b"{}", [])
    assert (attempt.status, came) == (None, [])
    assert "public" in (attempt.error or "")


async def test_a_name_that_changes_its_address_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server is the attacker's: it answers with what is allowed first, then with what is not."""
    addresses = ["127.0.0.1", "127.0.0.2"]
    monkeypatch.setattr(posting, "KNOWN_FOR", 0.0)
    monkeypatch.setattr(posting, "getaddrinfo", lambda _host, port, **_: [(2, 1, 6, "", (addresses.pop(0), port))])
    async with server(take, "0.0.0.0") as port:  # noqa: S104  the second address must have somebody listening, too
        line = Line(f"http://rebinding.example:{port}/", (IPv4Network("127.0.0.1/32"),), ShiftedClock())
        first, second = await line.post(b"{}", []), await line.post(b"{}", [])
    assert (first.status, first.answer) == (200, "ok")
    assert second.status is None
    assert addresses == []


async def test_a_redirect_is_not_followed(gateway: Telling) -> None:
    hook = await gateway.webhook()
    gateway.receiver.answer("/hook", 302, location=f"{gateway.receiver.url}/inside")
    tried = await gateway.ask("POST", f"{hook['id']}/test")
    assert (tried["delivered"], tried["attempt"]["status"]) == (False, 302)
    assert "redirect" in tried["attempt"]["error"]
    assert gateway.receiver.at("/inside") == []


async def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1\r\nx\r\n")
            await asyncio.sleep(0.01)

    async with server(trickle) as port:
        attempt = await Line(f"http://127.0.0.1:{port}/", LOOPBACK, ShiftedClock(), seconds=0.3).post(b"{}", [])
    assert (attempt.arrived, attempt.took_ms < 2000) == (False, True)
    assert "answer within" in (attempt.error or "")


async def test_of_a_long_answer_only_the_beginning_is_read_and_kept() -> None:
    wrote = 0

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal wrote
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        try:
            while wrote < 1_000_000_000:
                writer.write(b"\x00" * 65536)
                await writer.drain()
                wrote += 65536
        except ConnectionError:
            writer.close()

    async with server(pour) as port:
        attempt = await Line(f"http://127.0.0.1:{port}/", LOOPBACK, ShiftedClock()).post(b"{}", [])
    assert (attempt.status, len(attempt.answer or "")) == (200, 1024)
    assert wrote < 50_000_000


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"]
)
async def test_what_is_no_whole_answer_is_a_failure_that_says_why(said: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async with server(say) as port:
        line = Line(f"http://127.0.0.1:{port}/", LOOPBACK, ShiftedClock())
        attempt = await line.post(b"{}", [])
    assert (attempt.arrived, bool(attempt.error)) == (False, True)


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted(tmp_path: Path) -> None:
    async with server(take, context=self_signed(tmp_path, "localhost")) as port:
        attempt = await Line(f"https://localhost:{port}/", LOOPBACK, ShiftedClock()).post(b"{}", [])
    assert attempt.status is None
    assert "certificate" in (attempt.error or "")


async def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced() -> None:
    opened = 0

    async def answer_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
        writer.close()

    async with server(answer_twice) as port:
        line = Line(f"http://127.0.0.1:{port}/", LOOPBACK, ShiftedClock())
        answers: list[Any] = [(await line.post(b"{}", [])).status for _ in range(5)]
        await until(lambda: opened == 3)
        line.close()
    assert answers == [204] * 5


def test_production_sends_to_no_private_network(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="webhooks_also"):
        GatewaySettings(environment=Environment.PRODUCTION, webhooks_also=LOOPBACK, data_dir=tmp_path)
