"""An answer costs one write, and no part of it ever waits for another answer."""

import asyncio
import socket
from typing import cast

from services.gateway.stream.events import HEADERS
from shared.one_write import EVENT_STREAM, JoiningTransport
from tests.platform import Platform

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True


def joining() -> tuple[Wire, JoiningTransport]:
    wire = Wire()
    return wire, JoiningTransport(cast("asyncio.Transport", wire), asyncio.get_running_loop())


async def test_a_head_and_its_body_are_one_write() -> None:
    wire, transport = joining()
    transport.write(HEAD)
    transport.write(b"body")
    transport.write(b"more")
    await asyncio.sleep(0)
    assert wire.writes == [HEAD + b"body", b"more"]


async def test_a_head_without_a_body_goes_out_at_the_next_turn() -> None:
    wire, transport = joining()
    transport.write(HEAD)
    assert wire.writes == []
    await asyncio.sleep(0)
    assert wire.writes == [HEAD]


async def test_what_waits_is_written_before_the_connection_closes() -> None:
    wire, transport = joining()
    transport.write(HEAD)
    transport.close()
    await asyncio.sleep(0)
    assert (wire.writes, wire.closed) == ([HEAD], True)


async def test_little_of_a_stream_of_events_is_held_for_somebody_who_takes_nothing() -> None:
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    wire, _ = await loop.connect_accepted_socket(asyncio.Protocol, ours)
    transport = JoiningTransport(wire, loop)
    transport.write(b"HTTP/1.1 200 OK\r\n" + b": ".join(HEADERS[0]) + b"\r\n\r\n")
    written = 0
    while wire.get_write_buffer_size() < wire.get_write_buffer_limits()[1]:
        transport.write(b"x" * 500)
        written += 500
    wire.abort()
    theirs.close()

    assert EVENT_STREAM in b": ".join(HEADERS[0])
    assert written < 64 * 1024


async def test_answers_to_head_requests_and_empty_ones_arrive(platform: Platform) -> None:
    async with asyncio.timeout(10):
        head = await platform.client.head("/livez")
        made = await platform.client.post("/v1/api-keys", json={"name": "x", "scopes": ["people:read"]})
        gone = await platform.client.delete(f"/v1/api-keys/{made.json()['id']}")
    assert head.status_code in {200, 405}
    assert (gone.status_code, gone.content) == (204, b"")
