"""What an application knows without waiting is answered while the request is read: no task, no layers, no messages.

A small answer from memory costs less than what uvicorn and the layers of an application do for it. So an application
may have a function that is shown each plain GET as soon as its head is there, and gives the whole answer, or leaves the
request to the application (see `services/gateway/express.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, cast

from shared.one_write import JoiningTransport, OneWriteProtocol

Headers = Sequence[tuple[bytes, bytes]]
Written = tuple[int, Iterable[tuple[bytes, bytes]], bytes]
"""Status, headers and body."""
AtOnce = Callable[[bytes, dict[bytes, bytes]], Written | None]
"""Answers a target and a request's headers, or returns None where that takes more."""

NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""What says that more comes than a head, or that something is to be done about it first."""
STATUS_LINES = {status.value: b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}

log = logging.getLogger("uvicorn.error")


class Answered:
    """Stands where uvicorn keeps the request under way: there is none, as it is answered."""

    response_complete = True
    keep_alive = True
    message_event = asyncio.Event()


ANSWERED = cast("Any", Answered())


class AtOnceProtocol(OneWriteProtocol):
    """A connection on which a plain GET may be answered before anything else is made of it.

    Of the requests that come in one read, only the first is: the others would keep all other connections waiting.
    """

    at_once: AtOnce | None = None
    _first = True

    def data_received(self, data: bytes) -> None:
        """Read."""
        self._first = True
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Answer a request now, or begin with it."""
        if self.at_once is None or not self._first or not self._is_plain():
            self._first = False
            super().on_headers_complete()
            return
        self._first = False
        asked = dict(self.headers)
        answer = None
        if NOT_PLAIN.isdisjoint(asked):
            try:
                answer = self.at_once(self.url, asked)
            except Exception:  # the parser would take it for a bad request; the application still answers this one
                log.exception("Exception in what answers at once")
        if answer is None:
            super().on_headers_complete()
        else:
            self._write(*answer)

    def _is_plain(self) -> bool:
        """Say whether this is a GET on a connection that goes on after it, with nothing before it to be answered."""
        parser = self.parser
        return (
            parser.get_method() == b"GET"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
        )

    def _write(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        parts = [STATUS_LINES[status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n", body)
        self.cycle = ANSWERED
        cast("JoiningTransport", self.transport).write_whole(b"".join(parts))
        self.on_response_complete()
