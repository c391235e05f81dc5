"""Writes export files: whole or not at all, each with its checksum and a manifest that comes last.

A file appears under its name only when it is on the disk (written beside it, synced, renamed), so whoever finds a
manifest finds the file that it describes. Names come from the schedule's key, a slug, and the due time; nothing that a
client says can name another folder.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO

import orjson
import structlog
from pydantic import BaseModel, ValidationError

from services.training.domain.certification import changes, export_schedules, exports
from services.training.domain.certification.export_schedules import Job, Written
from services.training.domain.certification.exports import Asked, Line
from services.training.schemas.certificates import CertificateOut
from services.training.tables import ExportContent, ExportFormat
from shared.bus import Bus
from shared.db import Database
from shared.pages import encode_cursor
from shared.tasks import DATABASE_AWAY

log = structlog.get_logger()

IDLE = 0.5
PAGE = 1000
CHANGES = 200
MANIFEST = ".manifest.json"
CHECKSUM = ".sha256"
FAULT = "A fault of ours stopped it; it is in the log of the training service."
READABLE = 0o640
"""By the group, so that the account of a transfer program can be in it; by nobody else."""


class Manifest(BaseModel):
    """What is read of a manifest that an earlier try has written."""

    run: str
    rows: int
    bytes: int
    sha256: str


class ExportFiles:
    """The folder that export files are written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def run(self, db: Database, _bus: Bus) -> None:
        """Write whatever is due, until cancelled."""
        while True:
            try:
                if await self.write_next(db):
                    continue
            except DATABASE_AWAY as error:
                log.warning("export files wait for the database", error=repr(error))
            await asyncio.sleep(IDLE)

    async def write_next(self, db: Database) -> bool:
        """Write the next file that is due; say whether there was one."""
        job = await db.write(export_schedules.begin) if await db.read(export_schedules.waits) else None
        if job is None:
            return False
        try:
            written = await self.write(db, job)
        except OSError as error:
            log.error("an export file cannot be written", file=job.file, error=str(error))
            await db.write(export_schedules.fail, job, f"{type(error).__name__}: {error.strerror or error}")
            return True
        except DATABASE_AWAY:
            raise
        except Exception as error:  # a fault in one file must stop neither the others nor the service's other work
            log.error("an export file failed", file=job.file, exc_info=error)
            await db.write(export_schedules.fail, job, FAULT)
            return True
        for file in await db.write(export_schedules.finish, job, written):
            await self._remove(file)
        return True

    async def write(self, db: Database, job: Job) -> Written:
        """Write a file with its checksum and manifest, unless they are there already; raises OSError."""
        path = self.folder / job.file
        there = await asyncio.to_thread(self._find, path, job)
        if there is not None:
            return there
        await asyncio.to_thread(partial(path.parent.mkdir, mode=0o750, parents=True, exist_ok=True))
        part = path.with_name(f".{path.name}.part")
        with await asyncio.to_thread(create, part) as file:
            digest, rows = hashlib.sha256(), 0
            async for text, count in self._pages(db, job):
                await asyncio.to_thread(file.write, text)
                digest.update(text)
                rows += count
            written = Written(rows, file.tell(), digest.hexdigest())
            await asyncio.to_thread(put, file, part, path)
        await asyncio.to_thread(self._describe, path, job, written)
        return written

    async def _pages(self, db: Database, job: Job) -> AsyncIterator[tuple[bytes, int]]:
        """Give the file's text, a page at a time, with the number of its rows."""
        columns = CHANGE_COLUMNS if job.content is ExportContent.CHANGES else exports.COLUMNS
        pages = changes_of(db, job) if job.content is ExportContent.CHANGES else certificates_of(db, job)
        if job.format is ExportFormat.CSV:
            yield exports.csv_lines(columns, [], header=True).encode(), 0
        async for rows in pages:
            if job.format is ExportFormat.CSV:
                yield exports.csv_lines(columns, rows, header=False).encode(), len(rows)
            else:
                yield exports.json_lines(columns, rows).encode(), len(rows)

    def _find(self, path: Path, job: Job) -> Written | None:
        """Return what an earlier try has written to its end, but did not live to note."""
        try:
            manifest = Manifest.model_validate_json(path.with_name(path.name + MANIFEST).read_bytes())
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, ValidationError):
            return None
        if manifest.run != job.run or manifest.sha256 != digest:
            return None
        return Written(manifest.rows, manifest.bytes, digest)

    def _describe(self, path: Path, job: Job, written: Written) -> None:
        manifest = {
            "name": path.name,
            "schedule": job.key,
            "run": job.run,
            "content": job.content,
            "format": job.format,
            "certification": job.certification,
            "columns": CHANGE_COLUMNS if job.content is ExportContent.CHANGES else exports.COLUMNS,
            "rows": written.rows,
            "bytes": written.bytes,
            "sha256": written.sha256,
            "due_at": job.due_at,
            "as_of": job.as_of,
            "cursor_from": encode_cursor(job.after) if job.content is ExportContent.CHANGES else None,
            "cursor_to": encode_cursor(job.up_to),
        }
        whole = orjson.dumps(manifest, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        for suffix, content in ((CHECKSUM, f"{written.sha256}  {path.name}\n".encode()), (MANIFEST, whole)):
            target = path.with_name(path.name + suffix)
            part = target.with_name(f".{target.name}.part")
            with create(part) as file:
                file.write(content)
                put(file, part, target)

    async def _remove(self, name: str) -> None:
        # The manifest first: whoever finds one finds its file.
        try:
            for suffix in (MANIFEST, CHECKSUM, ""):
                await asyncio.to_thread((self.folder / f"{name}{suffix}").unlink, missing_ok=True)
        except OSError as error:
            log.error("an old export file cannot be removed", file=name, error=str(error))


CHANGE_COLUMNS = (
    "cursor",
    "at",
    "effective_at",
    "change",
    "employee_number",
    "certification",
    "status",
    "certificate",
    "issued_at",
    "expires_at",
)


async def certificates_of(db: Database, job: Job) -> AsyncIterator[Sequence[Line]]:
    """Give all certificates as they stood when the file was begun."""
    asked = Asked(job.as_of, job.certification)
    rows, after = await db.read(exports.lines, asked, None, PAGE)
    yield rows
    while after is not None:
        rows, after = await db.read(exports.lines, asked, after, PAGE)
        yield rows


async def changes_of(db: Database, job: Job) -> AsyncIterator[Sequence[Line]]:
    """Give the changes since the file before, as the feed has them."""
    reached = job.after
    while reached < job.up_to:
        page = await db.read(changes.read, encode_cursor(reached), CHANGES)
        places = [(changes.position_of(item.cursor), item) for item in page.items]
        yield [
            (
                item.cursor, item.at, item.effective_at, item.change, item.employee_number, certificate.certification,
                certificate.status, certificate.id, certificate.issued_at, certificate.expires_at,
            )
            if (certificate := item.certificate)
            else (item.cursor, item.at, item.effective_at, item.change, item.employee_number, *[None] * 5)
            for place, item in places
            if place <= job.up_to and wanted(job, item.certificate)
        ]  # fmt: skip
        reached = changes.position_of(page.next_cursor)


def wanted(job: Job, certificate: CertificateOut | None) -> bool:
    """Say whether a change belongs into a file that may be of one certification."""
    return job.certification is None or (certificate is not None and certificate.certification == job.certification)


def create(path: Path) -> IO[bytes]:
    """Open a file of our own for writing, never through a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, READABLE), "wb")


def put(file: IO[bytes], part: Path, target: Path) -> None:
    """Give a file its name once it is on the disk, and the name with it."""
    file.flush()
    os.fsync(file.fileno())
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
