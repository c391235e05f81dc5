"""A head without end gets neither memory nor a connection for as long as it likes."""

import asyncio

import pytest

from shared import bounded_heads
from tests.platform import Platform

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEGUN = b"GET /livez HTTP/1.1\r\nHost: a\r\n"


class Line:
    """A connection to the gateway, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def rest(self) -> bytes:
        """Return what comes until the other side hangs up."""
        async with asyncio.timeout(10):
            said = b""
            try:
                while part := await self.reader.read(65536):
                    said += part
            except ConnectionResetError:
                pass
            self.writer.close()
            return said


async def line(platform: Platform) -> Line:
    """Connect."""
    port = int(platform.running["gateway"].url.rsplit(":", 1)[1])
    return Line(*await asyncio.open_connection("127.0.0.1", port))


@pytest.mark.parametrize("part", [b"X-A: " + b"x" * 1000, b"X-A: 1\r\n" * 500])
async def test_a_head_that_does_not_end_is_cut_off_early(lasting_platform: Platform, part: bytes) -> None:
    opened = await line(lasting_platform)
    opened.writer.write(BEGUN)
    sent = 0
    answered = asyncio.create_task(opened.rest())
    while not answered.done() and sent < 100 * bounded_heads.MOST:
        opened.writer.write(part)
        sent += len(part)
        try:
            await opened.writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(0)
    said = await answered
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    assert sent < 100 * bounded_heads.MOST


async def test_who_sends_nothing_or_a_byte_now_and_then_is_not_waited_for(
    lasting_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_heads, "SECONDS", 0.3)
    silent = await line(lasting_platform)
    slow = await line(lasting_platform)
    slow.writer.write(BEGUN + b"\r\n" + BEGUN)
    said, nothing = await slow.rest(), await silent.rest()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in said, "the second request of a connection has no more time than the first"
    assert nothing.startswith(b"HTTP/1.1 408 ")


async def test_a_head_in_pieces_and_a_long_body_are_taken(lasting_platform: Platform) -> None:
    opened = await line(lasting_platform)
    for piece in (BEGUN[:7], BEGUN[7:], b"X-A: " + b"x" * 20_000 + b"\r\n", b"Connection: close\r\n\r\n"):
        opened.writer.write(piece)
        await opened.writer.drain()
    assert (await opened.rest()).startswith(b"HTTP/1.1 200 ")
    rows = "employee_number,name,email\n" + "".join(f"E-{n},N{n},n{n}@x.example\n" for n in range(5000))
    path = "/v1/people/imports?dry_run=true"
    taken = await lasting_platform.client.post(path, content=rows, headers={"Content-Type": "text/csv"})
    assert taken.status_code in {200, 201, 202, 422}, taken.text
    assert (await lasting_platform.client.get("/livez")).status_code == 200
