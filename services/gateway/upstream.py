"""HTTP/1.1 to one service: connections kept open, requests and answers streamed, nothing parsed that is only passed on.

A general HTTP client costs several times what a request through the gateway may cost (see `tests/benchmarks`); this
one speaks only to our own services, which answer with a length or in chunks.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterable, Callable, Sequence
from typing import cast
from urllib.parse import urlsplit

import httptools

from services.gateway.circuit import PATIENCE, SILENCE, Circuit
from shared.draining import UNREAD

Headers = list[tuple[bytes, bytes]]
CONNECT = 2.0
KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the services keep it, or a POST could meet a closing one."""
BUFFERED = 256 * 1024
"""Bytes of an answer that wait for a slow client before the service is made to wait as well."""
NOT_READ = 408
NO_BODY = frozenset({b"HEAD"})


class UpstreamError(Exception):
    """The service is not there, hung up, fell silent or did not speak HTTP."""


class StaleError(UpstreamError):
    """A connection was closed before it answered anything: whether the request was read, nobody knows."""


class UnreadError(UpstreamError):
    """The service is about to end, and has read nothing of the request."""


class SilentError(UpstreamError):
    """The service has not answered for a while, and nothing more waits for it."""


def nothing() -> None:
    """Leave it at that: nobody wants to know."""


class Connection(asyncio.Protocol):
    """One connection; carries one exchange at a time."""

    def __init__(self, patience: float, fell_silent: Callable[[], None] = nothing) -> None:
        self._patience = patience
        self._fell_silent = fell_silent
        self.transport: asyncio.Transport | None = None
        self.idle_since = 0.0
        self.used = False
        self.closed = False
        self.begin(b"GET")

    def begin(self, method: bytes) -> None:
        """Get ready for the next exchange."""
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = method in NO_BODY
        self._answered = False
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.headers: Headers = []
        self.status = 0
        self.complete = False
        self._cut_short = False
        self._keeps_alive = False

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to write."""
        # uvloop's transports are no subclass of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits find out."""
        del exc
        self.closed = True
        self._wake()
        self._release_writer()

    def data_received(self, data: bytes) -> None:
        """Parse what came; on a connection that is free nothing may come."""
        if self.complete:
            self.close()
            return
        self._answered = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()
        self._wake()

    def pause_writing(self) -> None:
        """Make the sender of a request's body wait."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Let the sender of a request's body go on."""
        self._release_writer()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Refuse an answer that nobody asked for: the next asker would take it for theirs."""
        if self.complete:
            raise UpstreamError("says more than it was asked")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Note the status; the answer to HEAD has no body whatever its headers say."""
        self.status = self._parser.get_status_code()
        if self._bodiless:
            self.complete = True

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, and stop reading when too much waits."""
        self._chunks.append(body)
        self._size += len(body)
        if self._size > BUFFERED and not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """Note that the answer is whole, and what it says of the connection: the parser knows it only now."""
        self.complete = True
        self._keeps_alive = self._parser.should_keep_alive()

    # What the forwarder asks.

    async def send(self, head: bytes, body: bytes | AsyncIterable[bytes] | None, *, chunked: bool) -> None:
        """Send a request."""
        assert self.transport is not None  # noqa: S101  set before anyone has the connection
        self.used = True
        if body is None or isinstance(body, bytes):
            self.transport.write(head + body if body else head)
            return
        self.transport.write(head)
        async for piece in body:
            if self.closed or self.status:
                # Answered before it was asked in full: what the service would read next is no request.
                self._cut_short = True
                return
            if piece:
                self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if self._writable is not None:
                await self._writable
        if chunked:
            self.transport.write(b"0\r\n\r\n")

    async def head(self) -> None:
        """Wait for the status and all headers of the answer; raises UnreadError when the request was not read."""
        while not self.status:
            if self.closed:
                raise UpstreamError("hung up") if self._answered else StaleError("hung up before it answered")
            await self._wait()
        if self.status == NOT_READ and any(name == UNREAD for name, _ in self.headers):
            raise UnreadError("is about to end")

    async def read(self) -> bytes:
        """Return what has come of the body; empty at its end."""
        while not self._chunks:
            if self.complete:
                return b""
            if self.closed:
                raise UpstreamError("hung up in the middle of an answer")
            await self._wait()
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        return body

    @property
    def reusable(self) -> bool:
        """Say whether another request may follow."""
        return self._keeps_alive and not (self._bodiless or self._cut_short or self.closed)

    def _give_up(self) -> None:
        self._answered = True
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        early = self._patience > SILENCE
        self._timer = loop.call_later(*((SILENCE, self._wonder) if early else (self._patience, self._give_up)))
        try:
            await self._waiter
        finally:
            self._timer.cancel()
            self._waiter = None

    def _wonder(self) -> None:
        """Have it found out whether the service lives, and wait on."""
        self._timer = asyncio.get_running_loop().call_later(self._patience - SILENCE, self._give_up)
        self._fell_silent()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _release_writer(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None


class Upstream:
    """One service: its address and the connections that are free. It must begin to answer within `patience` seconds."""

    def __init__(self, name: str, url: str, patience: float) -> None:
        self._patience = patience
        self.circuit = Circuit(name, self._lives)
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self.authority = parts.netloc.encode()
        self._free: list[Connection] = []

    async def connect(self, *, fresh: bool = False) -> Connection:
        """Return a free connection, or a new one; raises UpstreamError when nobody listens, or nobody answers."""
        if self.circuit.full:
            raise SilentError("does not answer")
        while self._free and not fresh:
            connection = self._free.pop()
            if not connection.closed and time.monotonic() - connection.idle_since < KEEP_ALIVE:
                return connection
            connection.close()
        return await self._open(self._patience, self.circuit.suspect)

    async def _open(self, patience: float, fell_silent: Callable[[], None] = nothing) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT):
                _, connection = await loop.create_connection(
                    lambda: Connection(patience, fell_silent), self._host, self._port
                )
        except TimeoutError as error:
            fell_silent()
            raise UpstreamError("does not take connections") from error
        except OSError as error:
            raise UpstreamError(str(error)) from error
        return connection

    async def exchange(
        self, method: bytes, head: bytes, body: bytes | AsyncIterable[bytes] | None, *, chunked: bool, kept: bool
    ) -> Connection:
        """Send a request and wait for the answer's head, on a connection that was kept if that may be."""
        connection = await self.connect(fresh=not kept)
        connection.begin(method)
        self.circuit.waiting.add(connection)
        try:
            await connection.send(head, body, chunked=chunked)
            await connection.head()
        except BaseException:
            connection.close()
            raise
        finally:
            self.circuit.waiting.discard(connection)
        return connection

    async def _lives(self) -> bool:
        """Ask the service whether it lives."""
        try:
            connection = await self._open(min(PATIENCE, self._patience))
            try:
                await connection.send(request_head(b"GET", b"/livez", self.authority, []), None, chunked=False)
                await connection.head()
            finally:
                connection.close()
        except UpstreamError:
            return False
        return True

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end; hang up otherwise."""
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._free.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Hang up all free connections."""
        self.circuit.stop()
        for connection in self._free:
            connection.close()
        self._free.clear()


def request_head(method: bytes, target: bytes, authority: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return the head of a request; raises UpstreamError where a line's end stands in what goes in.

    What goes in has passed a parser, or was made here: it is the last look, not the first.
    """
    lines = [b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (method, target, authority)]
    lines += [b"%b: %b\r\n" % header for header in headers]
    lines.append(b"\r\n")
    head = b"".join(lines)
    if head.count(b"\n") != len(headers) + 3 or head.count(b"\r") != len(headers) + 3:
        raise UpstreamError
    return head
