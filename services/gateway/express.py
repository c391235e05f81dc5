"""The short way: a machine's hot read is answered from memory while it is read, in front of all layers.

They cost three times as much. It does of their work what such an answer needs: the key, the limit, the headers of every
answer, 304, count and log. Whatever is not plain goes the long way, where all is known that there is to say of it: a
browser, a script of another site, a key that is not known or has ended, a limit that is reached, what is not in memory,
a trace that is exported. The style sheets and modules of pages go it, too, whoever asks: they are everybody's.
"""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI

from services.gateway.doors import Doors
from services.gateway.hot_reads import Headers, HotRead, find_hot_read, is_hot
from services.gateway.portal.files import UNDER, find_packed
from shared.at_once import Written
from shared.compression import LEAST, LEVEL, accepts_gzip, compress, compress_kept, encoded
from shared.edge import REQUEST_ID, Header, matches
from shared.ids import new_id
from shared.telemetry import exporting

log = structlog.get_logger()

LONG_WAY = frozenset({b"origin", b"cookie"})
"""What other layers have to look at."""
FILES = UNDER.encode()
PARTLY = frozenset({b"origin", b"range", b"if-modified-since"})
"""What a file is asked for by scripts of other sites, piece by piece, or by those who know no ETag."""


class Express:
    """Answers what it can at once, and leaves the rest to the app."""

    def __init__(self, owner: FastAPI, always: Sequence[Header]) -> None:
        self._state = owner.state
        self._always = always
        self._log: Any = None

    def __call__(self, target: bytes, asked: dict[bytes, bytes]) -> Written | None:
        """Answer a GET of a target with these headers, or return None."""
        if target.startswith(FILES):
            return self._file(target, asked)
        if not is_hot(target) or exporting.is_set() or not is_literal(target):
            return None
        given = asked.get(b"authorization")
        if given is None or not LONG_WAY.isdisjoint(asked):
            return None
        started = time.perf_counter()
        doors: Doors = self._state.doors
        caller = doors.keyring.at_hand(given)
        if caller is None or not doors.limiter.has_room(caller.id):
            return None
        path, _, query = target.partition(b"?")
        found = find_hot_read(doors, path.decode("ascii"), query, caller)
        if found is None:
            return None
        request_id = request_id_of(asked)
        status, headers, body = answer_to(asked, found)
        headers = [*headers, *doors.limiter.count(caller.id), *self._always, (b"x-request-id", request_id.encode())]
        self._note(found.route, status, request_id, started)
        return status, headers, body

    def _file(self, target: bytes, asked: dict[bytes, bytes]) -> Written | None:
        """Answer with a file of the portal, for browsers: they all read gzip."""
        started = time.perf_counter()
        gzip = accepts_gzip(asked.get(b"accept-encoding", b"").decode("latin-1"))
        found = find_packed(target.decode("latin-1")) if gzip and PARTLY.isdisjoint(asked) else None
        if found is None:
            return None
        etags, request_id = asked.get(b"if-none-match"), request_id_of(asked)
        known = etags is not None and matches(etags.decode("latin-1"), found.etag)
        status, headers, body = (304, found.unchanged, b"") if known else (200, found.headers, found.body)
        self._note(FILES.decode() + "{path}", status, request_id, started)
        return status, [*headers, *self._always, (b"x-request-id", request_id.encode())], body

    def _note(self, route: str, status: int, request_id: str, started: float) -> None:
        """Count a request, and say in the log what is said of all."""
        seconds = time.perf_counter() - started
        self._state.metrics.count("GET", route, status, seconds)
        # Bound once: the lazy logger would be put together anew for each request.
        self._log = self._log or log.bind()
        self._log.debug(
            "request", request_id=request_id, method="GET", route=route, status=status, ms=round(seconds * 1000, 2)
        )


def request_id_of(asked: dict[bytes, bytes]) -> str:
    """Return the id that a request brings, or a new one."""
    given = asked.get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.match(given) else new_id()


def is_literal(target: bytes) -> bool:
    """Say whether a target stands there as it is meant, so that it needs no parser."""
    return target.isascii() and b"%" not in target and b"#" not in target


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
