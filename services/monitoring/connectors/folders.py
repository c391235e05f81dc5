"""Folders: files of posts that another program puts below the folder that the operator set aside for it."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import orjson
from pydantic import Field

from services.monitoring.connectors.protocol import Batch, SourceTrouble, Surroundings
from services.monitoring.schemas.posts import Item, read_post, read_row
from services.monitoring.schemas.sources import SourceConfig
from shared.schemas import Text

AT_ONCE = 500
LONGEST_LINE = 256 * 1024
SUFFIXES = (".jsonl", ".ndjson", ".csv")


class FolderConfig(SourceConfig):
    """A folder, named from the one that the operator set aside (`SHARELOAD_MONITORING_FOLDERS`)."""

    kind: Literal["folder"]
    folder: Annotated[
        Text, Field(max_length=200, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
    ]


class Folders:
    """Reads each file once, and what is added to one later; the cursor says how many lines of each are done.

    A file that became shorter is another file, and is read from its beginning. Lines are posts as `POST /v1/posts`
    takes them (`.jsonl`), or rows whose header names the same fields (`.csv`). A last line without its end is still
    being written: it waits.
    """

    kind: ClassVar[str] = "folder"
    streaming: ClassVar[bool] = False

    async def test(self, config: FolderConfig, around: Surroundings) -> str:
        """Count the files that would be read."""
        found = await asyncio.to_thread(files_in, config, around)
        return f"{len(found)} files to read."

    async def items(self, config: FolderConfig, cursor: str | None, around: Surroundings) -> AsyncIterator[Batch]:
        """Yield what was added since, in the order of the files' names, some hundred lines at a time."""
        before: dict[str, list[int]] = orjson.loads(cursor) if cursor else {}
        files = await asyncio.to_thread(files_in, config, around)
        done = {path.name: before[path.name] for path in files if path.name in before}
        for path in files:
            at, lines = done.get(path.name, (0, 0))
            if path.stat().st_size < at:
                at, lines = 0, 0
            while chunk := await asyncio.to_thread(read_on, path, at, lines):
                found, at, lines = chunk
                done[path.name] = [at, lines]
                yield Batch(found, orjson.dumps(done).decode())


def files_in(config: FolderConfig, around: Surroundings) -> list[Path]:
    """Return the files of a folder that can be read; raises SourceTrouble where it is none of the operator's."""
    if around.folders is None:
        raise SourceTrouble("No folder is set aside for files of posts; SHARELOAD_MONITORING_FOLDERS names one.")
    root = around.folders.resolve()
    folder = (root / config.folder).resolve()
    if not folder.is_relative_to(root):
        raise SourceTrouble("The folder leads out of the one that is set aside.")
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink()
        )
    except FileNotFoundError:
        raise SourceTrouble(f"There is no folder {config.folder}.") from None
    except (NotADirectoryError, PermissionError) as error:
        raise SourceTrouble(f"The folder {config.folder} cannot be read ({error.strerror}).") from None


def read_on(path: Path, at: int, lines: int) -> tuple[list[Item], int, int] | None:
    """Read the next lines of a file: the items, the byte after them, and how many lines are done; None at the end."""
    table = path.suffix.lower() == ".csv"
    with path.open("rb") as file:
        header = next(csv.reader([text_of(file.readline())]), []) if table else []
        at = max(at, file.tell())
        file.seek(at)
        read = list(islice(records(file, quoted=table), AT_ONCE))
    if not read:
        return None
    items = (
        [read_row(header, row) for record in read for row in rows_of(record)]
        if table
        else [read_post(record) for record in read if record.strip()]
    )
    return items, at + sum(map(len, read)), lines + len(read)


def records(file: io.BufferedReader, *, quoted: bool) -> Iterator[bytes]:
    """Yield the lines that are complete; with `quoted`, a line ends where no quotation is open."""
    record = b""
    while line := file.readline(LONGEST_LINE):
        record += line
        if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
            return
        if quoted and record.count(b'"') % 2 and len(record) < LONGEST_LINE:
            continue
        yield record
        record = b""


def rows_of(record: bytes) -> list[list[str]]:
    """Return the row of a record of a table; one that is blank has none."""
    return [row for row in csv.reader(io.StringIO(text_of(record), newline="")) if row]


def text_of(raw: bytes) -> str:
    """Return text; what is not UTF-8 is replaced, so that its row can be refused by itself."""
    return raw.decode("utf-8-sig", errors="replace").replace("\x00", "�")
