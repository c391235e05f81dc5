"""A request's head has a size and a time: uvicorn takes any, before anybody knows who sends it.

Whoever sends a head without end, or one byte now and then, would have memory and a connection for nothing.
"""

import asyncio
from typing import cast

from shared.at_once import AtOnceProtocol
from shared.one_write import JoiningTransport

MOST = 64 * 1024
"""Bytes of a head that is not complete yet; what comes in one read may be longer by as much as is read at once."""
SECONDS = 30.0
"""From a connection, or from the first part of a head, to the head's end."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHeadProtocol(AtOnceProtocol):
    """A connection that is closed where a head takes too long, or too much."""

    _head: int | None = None
    """Bytes of the head that has begun and is not complete."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection, on which a request must come."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget about it."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin with a head."""
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        """Go on with what the head asks for."""
        self._head = None
        self._stop_waiting()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read; where a head goes on after it, look how long it is."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > MOST:
                self._refuse(TOO_LARGE)
            elif self._timer is None:
                self._wait_for_head()

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(SECONDS, self._refuse, TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, answer: bytes) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.write(answer)
            cast("JoiningTransport", self.transport).flush()
            self.transport.close()
