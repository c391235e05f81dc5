"""uvicorn's HTTP protocol with one system call an answer: it would write the head and the body one by one.

A head waits for the body that an application sends in the same step; where none comes, it goes out at the loop's
next turn. A write to a socket is a third of what a small answer costs (see `tests/benchmarks/bench_gateway.py`).

An answer that is a stream of events gets small buffers: a system holds megabytes for somebody who takes nothing, and
until they are full each event is written to them as to everyone else (see `tests/benchmarks/bench_listeners.py`).
"""

import asyncio
import socket
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1."
EVENT_STREAM = b"content-type: text/event-stream"
KERNEL_HOLDS = 16 * 1024
"""Bytes, of which Linux takes twice as many, for its own accounts too."""
WE_HOLD = 1024


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a transport that joins a head with what follows it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport in between."""
        joining = JoiningTransport(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", joining))


class JoiningTransport:
    """A transport that holds back the head of an answer for one turn of the loop at most."""

    __slots__ = ("_held", "_loop", "_transport", "endless")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self.endless = False

    def write(self, data: bytes) -> None:
        """Write, together with the head that waits."""
        if self._held is not None:
            data, self._held = self._held + data, None
        elif data.startswith(HEAD):
            if EVENT_STREAM in data:
                self._hold_little()
            self._held = data
            self._loop.call_soon(self.flush)
            return
        if data:
            self._transport.write(data)

    def write_whole(self, answer: bytes) -> None:
        """Write an answer with its head, after what waits."""
        self.flush()
        self._transport.write(answer)

    def _hold_little(self) -> None:
        """Let whoever sends wait early for a client that takes nothing."""
        self.endless = True
        self._transport.set_write_buffer_limits(high=WE_HOLD)
        connection = self._transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_HOLDS)

    def flush(self) -> None:
        """Write the head that waits, if one does."""
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)

    def close(self) -> None:
        """Close after what waits has been written."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Say whether the transport closes; asked with each answer, and `__getattr__` takes five times as long."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the transport."""
        return getattr(self._transport, name)
