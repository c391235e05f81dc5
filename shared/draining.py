"""How a process stops taking requests without losing one: what has been read is answered, the rest is handed back.

Whoever keeps a connection may send a request at the moment when it is closed, and cannot know then whether it was read.
So nothing is closed without a word: an answer says `connection: close`, and a connection without a request is told
goodbye with a 408 that says that nothing of a request was read, and is read no more. The gateway sends such a request
again, whatever it is; other clients may.
"""

import asyncio
import time
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.server import ServerState

from shared.at_once import AtOnce
from shared.bounded_heads import BoundedHeadProtocol
from shared.one_write import JoiningTransport

if TYPE_CHECKING:
    from fastapi import FastAPI

UNREAD = b"shareload-unread"
"""Header of an answer that was given without reading the request."""
GOODBYE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n%b: true\r\n\r\n" % UNREAD
FAREWELL = 0.2
"""Seconds that the other side has to take the goodbye: closing at once while it sends could take it back."""


class Draining(ServerState):
    """What all connections of a process know of its end.

    `linger` is how many seconds an idle connection is kept on, for its client to send one more request: busy clients are
    sent away by an answer then, and never meet a goodbye. Connections to a client that understands it need none.
    """

    def __init__(self, linger: float) -> None:
        super().__init__()
        self.linger = linger
        self.draining = False
        self.at_once: AtOnce | None = None


class DrainingProtocol(BoundedHeadProtocol):
    """A connection that ends between two requests."""

    _gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection; one that was accepted a moment too late is sent away like the others."""
        super().connection_made(transport)
        self.at_once = self._state.at_once
        if self._state.draining:
            self.shutdown()

    @property
    def _state(self) -> Draining:
        return cast("Draining", self.server_state)

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def shutdown(self) -> None:
        """Finish the request under way; without one, wait for the last one, or say goodbye."""
        self.at_once = None
        if cast("JoiningTransport", self.transport).endless:
            # Its reader goes on elsewhere with the last id; it would never end by itself.
            self.transport.close()
        elif self._busy:
            self.cycle.keep_alive = False
        elif self._state.linger:
            self.loop.call_later(self._state.linger, self._say_goodbye)
        else:
            self._say_goodbye()

    def on_headers_complete(self) -> None:
        """Begin with a request; the last one of its connection when the process is about to end."""
        super().on_headers_complete()
        if self._state.draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def data_received(self, data: bytes) -> None:
        """Read, until goodbye was said."""
        if not self._gone:
            super().data_received(data)

    def _say_goodbye(self) -> None:
        if self._busy or self._gone or self.transport.is_closing():
            return
        self._gone = True
        self._unset_keepalive_if_required()
        self.transport.write(GOODBYE)
        cast("JoiningTransport", self.transport).flush()
        self.loop.call_later(FAREWELL, self.transport.close)


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which says that it is not ready for `window` seconds before it takes no more."""

    def __init__(self, app: "FastAPI", config: uvicorn.Config, *, linger: float = 0, window: float = 0) -> None:
        super().__init__(config)
        self._app = app
        self.server_state: Draining = Draining(linger)
        self.server_state.at_once = getattr(app.state, "at_once", None)
        self._window = window
        self._leave_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave in order; when asked a second time, without waiting."""
        super().handle_exit(sig, frame)
        if self._leave_at is None and not self.force_exit:
            self.leave()

    def leave(self) -> None:
        """Be unready from now on, so that balancers send nothing new, and stop taking requests a little later."""
        self._app.state.leaving = True
        self._leave_at = time.monotonic() + self._window
        self.should_exit = not self._window

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to end."""
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Take no more connections, finish what was begun, and end."""
        self.server_state.draining = True
        await super().shutdown(sockets)
