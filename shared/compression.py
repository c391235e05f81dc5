"""Answers are compressed for clients that ask for it: text of some length, as gzip, which everybody reads.

It stands outside of everything that looks at an answer, so that ETags and kept answers are those of the text itself.
What must not be compressed is decided before: see `services/gateway/uncompressed.py` and ADR 36.
"""

import asyncio
import zlib
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

KEPT = "kept_answer"
"""What a request's scope says where its answer is kept in memory, and no person's: compressed once, and better."""
LEAST = 1024
"""Bytes that are worth it."""
LEVEL, BEST = 3, 9
"""Level 3 saves most of what there is to save, at a third of the time that the default takes."""
LARGE = 128 * 1024
"""Bytes that take so long to compress that other requests should not wait for it."""
GZIP = zlib.MAX_WBITS | 16
TEXT = ("application/json", "application/javascript", "application/xml", "application/x-ndjson", "image/svg+xml")
STREAM = "text/event-stream"
"""Compressed, events would wait for each other."""


class Compression:
    """Compresses what an app answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] != "HEAD" and is_asked(scope["headers"]):
            send = Squeezer(scope, send).send
        await self._app(scope, receive, send)


class Squeezer:
    """The answer on its way out; its beginning waits for its first piece, which says how long it is."""

    __slots__ = ("_held", "_scope", "_send", "_squeeze")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._held: Message | None = None
        self._squeeze: Any = None

    async def send(self, message: Message) -> None:
        """Pass a message on, compressed where that is worth it."""
        if message["type"] == "http.response.start":
            if is_text(message):
                self._held = message
            else:
                await self._send(message)
            return
        if self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body"):
                await self._whole(start, message)
                return
            self._squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
            start["headers"] = encoded(start["headers"])
            await self._send(start)
        if self._squeeze is None:
            await self._send(message)
        else:
            await self._piece(message)

    async def _whole(self, start: Message, message: Message) -> None:
        body: bytes = message.get("body", b"")
        if len(body) >= LEAST:
            if KEPT in self._scope:
                message["body"] = compress_kept(body)
            elif len(body) < LARGE:
                message["body"] = compress(body, LEVEL)
            else:
                message["body"] = await asyncio.to_thread(compress, body, LEVEL)
            start["headers"] = [
                *encoded(start["headers"]),
                (b"content-length", str(len(message["body"])).encode()),
            ]
        await self._send(start)
        await self._send(message)

    async def _piece(self, message: Message) -> None:
        more = message.get("more_body", False)
        body: bytes = message.get("body", b"")
        if len(body) < LARGE:
            piece = self._squeeze.compress(body)
        else:
            piece = await asyncio.to_thread(self._squeeze.compress, body)
        if not more:
            piece += self._squeeze.flush()
        if piece or not more:
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})


def compress(body: bytes, level: int) -> bytes:
    """Return bytes as gzip."""
    squeeze = zlib.compressobj(level, zlib.DEFLATED, GZIP)
    return squeeze.compress(body) + squeeze.flush()


@lru_cache(maxsize=32)
def compress_kept(body: bytes) -> bytes:
    """Return bytes that are asked for again and again as gzip; bytes know their hash, so finding them costs nothing."""
    return compress(body, BEST)


def is_asked(headers: Headers) -> bool:
    """Say whether a request takes gzip."""
    return any(name == b"accept-encoding" and accepts_gzip(value.decode("latin-1")) for name, value in headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """Say whether a client takes gzip (RFC 9110, 12.5.3); a weight of 0 refuses it."""
    for part in accept_encoding.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def is_text(start: Message) -> bool:
    """Say whether an answer is text that comes as it is, and not known to be short."""
    kind, least = "", LEAST
    for name, value in start.get("headers", ()):
        if name == b"content-encoding":
            return False
        if name == b"content-type":
            kind = value.decode("latin-1").partition(";")[0].strip().lower()
        elif name == b"content-length":
            least = int(value)
    return least >= LEAST and kind != STREAM and (kind.startswith(("text/", *TEXT)) or kind.endswith(("+json", "+xml")))


def encoded(headers: Headers) -> Headers:
    """Return an answer's headers as of its compressed form, whose length is another."""
    varies = [value for name, value in headers if name == b"vary"]
    kept = [header for header in headers if header[0] not in {b"content-length", b"vary"}]
    if all(b"accept-encoding" not in value.lower() for value in varies):
        varies.append(b"Accept-Encoding")
    return [*kept, (b"content-encoding", b"gzip"), (b"vary", b", ".join(varies))]
