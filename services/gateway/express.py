"""The short way: a machine's hot read is answered from memory in front of all other layers, which cost three times as much.

It does of their work what such an answer needs: the key, the limit, the headers of every answer, 304, count and log.
Whatever is not plain goes the long way, where all is known that there is to say of it: a browser, a script of another
site, a key that is not known or has ended, a limit that is reached, what is not in memory, a trace that is exported.
"""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.doors import Doors
from services.gateway.hot_reads import Headers, HotRead, find_hot_read, is_hot
from shared.compression import LEAST, LEVEL, accepts_gzip, compress, compress_kept, encoded
from shared.edge import REQUEST_ID, Header, matches
from shared.ids import new_id
from shared.telemetry import exporting

log = structlog.get_logger()

LONG_WAY = frozenset({b"origin", b"cookie"})
"""What other layers have to look at."""


class Express:
    """Answers what it can at once, and leaves the rest to the app."""

    def __init__(self, app: ASGIApp, owner: FastAPI, always: Sequence[Header]) -> None:
        self._app = app
        self._state = owner.state
        self._always = always
        self._log: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not is_hot(scope["path"]) or exporting.is_set():
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        asked = dict(scope["headers"])
        doors: Doors = self._state.doors
        caller = doors.keyring.at_hand(asked.get(b"authorization", b"")) if LONG_WAY.isdisjoint(asked) else None
        found = None
        if caller is not None and doors.limiter.has_room(caller.id):
            found = find_hot_read(doors, scope["path"], scope["query_string"], caller)
        if caller is None or found is None:
            await self._app(scope, receive, send)
            return
        request_id = asked.get(b"x-request-id", b"").decode("latin-1")
        if not REQUEST_ID.match(request_id):
            request_id = new_id()
        status, headers, body = answer_to(asked, found)
        headers = [*headers, *doors.limiter.count(caller.id), *self._always, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._note(found.route, status, request_id, started)

    def _note(self, route: str, status: int, request_id: str, started: float) -> None:
        """Count a request, and say in the log what is said of all."""
        seconds = time.perf_counter() - started
        self._state.metrics.count("GET", route, status, seconds)
        # Bound once: the lazy logger would be put together anew for each request.
        self._log = self._log or log.bind()
        self._log.debug(
            "request", request_id=request_id, method="GET", route=route, status=status, ms=round(seconds * 1000, 2)
        )


def answer_to(asked: dict[bytes, bytes], found: HotRead) -> tuple[int, Headers, bytes]:
    """Return status, headers and body: nothing where the reader has it already, else packed for who can unpack it."""
    etags = asked.get(b"if-none-match")
    if etags is not None and matches(etags.decode("latin-1"), found.etag):
        return 304, found.unchanged, b""
    encodings = asked.get(b"accept-encoding")
    if encodings is None or len(found.body) < LEAST or not accepts_gzip(encodings.decode("latin-1")):
        return 200, found.headers, found.body
    body = compress_kept(found.body) if found.kept else compress(found.body, LEVEL)
    return 200, [*encoded(found.headers), (b"content-length", b"%d" % len(body))], body
