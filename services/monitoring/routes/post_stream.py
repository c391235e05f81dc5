"""Posts as a stream of lines: taken in chunk by chunk, answered line by line."""

import asyncio
import csv
import io
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
from services.monitoring.schemas.posts import Item, PostAnswer, read_post, read_row
from shared.db import Database, StorageUnavailable

CHUNK = 500
LONGEST_LINE = 256 * 1024
CHUNK_BYTES = 1024 * 1024
BLOCK = 256 * 1024
Items = list[Item]
log = structlog.get_logger()


class PostStream(Response):
    """The answer to an NDJSON body, sent while the body still comes in.

    Many clients read nothing until they have sent all, so what they have not read yet waits in a temporary file and
    never holds up the reading. What is answered is committed.
    """

    media_type = "application/x-ndjson"

    def __init__(self, request: Request, *, table: bool = False) -> None:
        super().__init__()
        self._request = request
        self._table = table
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
            stream = self._request.stream()
            async for chunk in chunks(rows(stream) if self._table else posts(stream)):
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


async def chunks(items: AsyncIterator[tuple[Item, int]]) -> AsyncIterator[Items]:
    """Put items, each with its bytes, into chunks, none of which takes much memory."""
    chunk: Items = []
    size = 0
    async for item, length in items:
        chunk.append(item)
        size += length
        if len(chunk) == CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


async def posts(stream: AsyncIterator[bytes]) -> AsyncIterator[tuple[Item, int]]:
    """Read a post a line."""
    async for line in split_lines(stream):
        if line.strip():
            yield read_post(line) if len(line) <= LONGEST_LINE else too_long(line), len(line)


async def rows(stream: AsyncIterator[bytes]) -> AsyncIterator[tuple[Item, int]]:
    """Read a post a row of a table (CSV), whose first row names the fields; a quoted cell may hold line ends."""
    header: list[str] | None = None
    record = b""
    async for line in split_lines(stream):
        record = record + b"\n" + line if record else line
        if record.count(b'"') % 2 and len(record) <= LONGEST_LINE:
            continue
        cells = next(csv.reader(io.StringIO(text_of(record), newline="")), [])
        if header is None:
            header = cells
        elif cells:
            yield read_row(header, cells) if len(record) <= LONGEST_LINE else too_long(record), len(record)
        record = b""
    if record.strip():
        yield PostAnswer(None, None, "rejected", "a quotation is not closed"), len(record)


def text_of(record: bytes) -> str:
    """Return a row's text; what is not UTF-8 is replaced, so that nothing is lost of the other cells."""
    return record.decode("utf-8-sig", errors="replace").replace("\x00", "\ufffd")


def too_long(line: bytes) -> PostAnswer:
    """Reject a line that no post needs."""
    return PostAnswer(
        network=None,
        network_id=None,
        status="rejected",
        reason=f"a line may have {LONGEST_LINE} bytes, this has more than {len(line) - 1}",
    )


async def split_lines(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream; of one that is too long only the beginning is kept."""
    rest = bytearray()
    async for part in stream:
        if b"\n" not in part:
            rest += part[: LONGEST_LINE + 1 - len(rest)] if len(rest) <= LONGEST_LINE else b""
            continue
        first, *others = part.split(b"\n")
        yield bytes(rest + first)[: LONGEST_LINE + 1]
        for line in others[:-1]:
            yield bytes(line)
        rest = bytearray(others[-1])
    if rest:
        yield bytes(rest)


def lines(answers: Sequence[PostAnswer]) -> bytes:
    """Return answers as NDJSON."""
    return b"".join(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE) for answer in answers)
