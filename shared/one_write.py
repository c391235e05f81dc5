"""uvicorn's HTTP protocol with one system call an answer: it would write the head and the body one by one.

A head waits for the body that an application sends in the same step; where none comes, it goes out at the loop's
next turn. A write to a socket is a third of what a small answer costs (see `tests/benchmarks/bench_gateway.py`).
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = b"HTTP/1."


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a transport that joins a head with what follows it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the joining transport in between."""
        joining = JoiningTransport(cast("asyncio.Transport", transport), self.loop)
        super().connection_made(cast("asyncio.Transport", joining))


class JoiningTransport:
    """A transport that holds back the head of an answer for one turn of the loop at most."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None

    def write(self, data: bytes) -> None:
        """Write, together with the head that waits."""
        if self._held is not None:
            data, self._held = self._held + data, None
        elif data.startswith(HEAD):
            self._held = data
            self._loop.call_soon(self.flush)
            return
        if data:
            self._transport.write(data)

    def flush(self) -> None:
        """Write the head that waits, if one does."""
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)

    def close(self) -> None:
        """Close after what waits has been written."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the transport."""
        return getattr(self._transport, name)
