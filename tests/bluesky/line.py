"""A line to a server that can be cut, in the middle of whatever is being said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Line:
    """Carries bytes both ways; `deaf` takes what is asked and drops every answer, `down` takes no calls."""

    target: str
    url: str = ""
    down: bool = False
    deaf: bool = False
    calls: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Break all connections at once, without a goodbye."""
        for writer in list(self.open):
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        self.calls += 1
        if self.down:
            writer.transport.abort()
            return
        to = urlsplit(self.target)
        far_reader, far_writer = await asyncio.open_connection(to.hostname, to.port)
        both = {writer, far_writer}
        self.open |= both
        try:
            there = asyncio.create_task(self._pass(reader, far_writer, answers=False))
            await self._pass(far_reader, writer, answers=True)
            there.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await there
        finally:
            self.open -= both
            for one in both:
                one.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if answers and self.deaf:
                    self.cut()
                    return
                writer.write(data)
                await writer.drain()


@contextlib.asynccontextmanager
async def line_to(target: str) -> AsyncIterator[Line]:
    """Lay a line to a server, on loopback."""
    line = Line(target)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        while line.open:
            line.cut()
            await asyncio.sleep(0.005)
        await server.wait_closed()
