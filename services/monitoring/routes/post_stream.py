"""Posts as a stream of lines: taken in chunk by chunk, answered line by line."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import BinaryIO

import orjson
import structlog
from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from services.monitoring.domain.posts import intake
from services.monitoring.schemas.posts import Item, PostAnswer, read_post
from shared.db import Database, StorageUnavailable

CHUNK = 500
LONGEST_LINE = 256 * 1024
BLOCK = 256 * 1024
Items = list[Item]
log = structlog.get_logger()


class PostStream(Response):
    """The answer to an NDJSON body, sent while the body still comes in.

    Many clients read nothing until they have sent all, so what they have not read yet waits in a temporary file and
    never holds up the reading. What is answered is committed.
    """

    media_type = "application/x-ndjson"

    def __init__(self, request: Request) -> None:
        super().__init__()
        self._request = request
        self._db: Database = request.app.state.db

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take in the first chunk, so that what goes wrong at once is a problem and not a broken stream; then the rest."""
        del scope, receive
        with tempfile.TemporaryFile() as spool:
            written = asyncio.Event()
            answers = self._answers()
            first = await anext(answers, b"")
            spool.write(first)
            spool.flush()
            written.set()
            writing = asyncio.create_task(write_all(answers, spool, written))
            try:
                await send(
                    {
                        "type": "http.response.start",
                        "status": 200,
                        "headers": [(b"content-type", self.media_type.encode())],
                    }
                )
                await send_all(spool, writing, written, send)
                await writing
            finally:
                writing.cancel()

    async def _answers(self) -> AsyncIterator[bytes]:
        """Yield the answers of each chunk; the next chunk is read while one is being written."""
        pending: asyncio.Task[bytes] | None = None
        try:
            async for chunk in chunks(self._request.stream()):
                if pending is not None:
                    yield await pending
                pending = asyncio.create_task(self._take(chunk))
        except ClientDisconnect:
            log.info("the sender of a stream of posts left; what was answered is kept")
        if pending is not None:
            yield await pending

    async def _take(self, chunk: Items) -> bytes:
        return lines(await self._db.write(intake.push, chunk))


async def write_all(answers: AsyncIterator[bytes], spool: BinaryIO, written: asyncio.Event) -> None:
    """Put all further answers into the spool; a chunk that the database refused ends the stream with a line that says so."""
    try:
        async for block in answers:
            spool.write(block)
            spool.flush()
            written.set()
    except StorageUnavailable as problem:
        spool.write(
            lines([PostAnswer(None, None, "rejected", f"{problem.detail} Send this line and all after it again.")])
        )
        spool.flush()
    finally:
        written.set()


async def send_all(spool: BinaryIO, writing: asyncio.Task[None], written: asyncio.Event, send: Send) -> None:
    """Send what the spool holds, as it grows, until the writer has ended."""
    position = 0
    while True:
        ended = writing.done()
        written.clear()
        while block := os.pread(spool.fileno(), BLOCK, position):
            position += len(block)
            await send({"type": "http.response.body", "body": block, "more_body": True})
        if ended:
            break
        if not writing.done():
            await written.wait()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def chunks(stream: AsyncIterator[bytes]) -> AsyncIterator[Items]:
    """Split a stream into chunks of parsed items."""
    items: Items = []
    async for line in split_lines(stream):
        items.append(read_post(line) if len(line) <= LONGEST_LINE else too_long(line))
        if len(items) == CHUNK:
            yield items
            items = []
    if items:
        yield items


def too_long(line: bytes) -> PostAnswer:
    """Reject a line that no post needs."""
    return PostAnswer(
        network=None,
        network_id=None,
        status="rejected",
        reason=f"a line may have {LONGEST_LINE} bytes, this has more than {len(line) - 1}",
    )


async def split_lines(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream without blank ones; of one that is too long only the beginning is kept."""
    rest = bytearray()
    async for part in stream:
        if b"\n" not in part:
            rest += part[: LONGEST_LINE + 1 - len(rest)] if len(rest) <= LONGEST_LINE else b""
            continue
        first, *others = part.split(b"\n")
        for line in (bytes(rest + first)[: LONGEST_LINE + 1], *others[:-1]):
            if line.strip():
                yield bytes(line)
        rest = bytearray(others[-1])
    if rest.strip():
        yield bytes(rest)


def lines(answers: Sequence[PostAnswer]) -> bytes:
    """Return answers as NDJSON."""
    return b"".join(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE) for answer in answers)
