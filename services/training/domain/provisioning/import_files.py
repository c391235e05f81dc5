"""Files of people between their upload and their rows: large ones are kept in pieces, all are read chunk by chunk."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sqlalchemy import bindparam, delete, select

from services.training.domain.provisioning.csv_files import CsvFile, Numbered
from services.training.domain.provisioning.import_columns import Columns, says
from services.training.domain.provisioning.import_weighing import Line
from services.training.schemas.imports import Encoding
from services.training.tables import PeopleImport, metadata
from shared.db import Session
from shared.statements import Prebuilt, insert_into

CHUNK = 100
PIECE = 256 * 1024
"""Bytes that are kept at once: a few milliseconds of the writer."""
DROPPED_AT_ONCE = 4
PIECES = metadata.tables["people_import_pieces"]
KEEP = insert_into(PIECES, "serial", "number", "body")
PIECE_OF = Prebuilt(
    select(PIECES.c.body).where(PIECES.c.serial == bindparam("serial"), PIECES.c.number == bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it was read: what it says, or why it says nothing."""

    number: int
    cells: list[str]
    line: Line | None = None
    refused: str | None = None


def rows_of(file: CsvFile, after: int) -> Generator[Numbered, None, None]:
    """Return the rows of a file after one of them; to be closed where they are not read to the end."""
    with closing(file.rows()) as rows:
        yield from islice(rows, after, None)


def next_of(rows: Iterator[Numbered], columns: Columns, most: int = CHUNK) -> list[Read]:
    """Read the next chunk of a file."""
    chunk = []
    for number, cells in islice(rows, most):
        try:
            chunk.append(Read(number, cells, Line(number, says(cells, columns))))
        except ValueError as error:
            chunk.append(Read(number, cells, refused=str(error)))
    return chunk


def keep_piece(session: Session, serial: int, number: int, body: bytes) -> None:
    """Keep a piece of a file."""
    KEEP.run(session, {"serial": serial, "number": number, "body": body})


def piece(session: Session, serial: int, number: int) -> bytes | None:
    """Return a piece of a file, or None after the last."""
    found = PIECE_OF.first(session, serial=serial, number=number)
    return None if found is None else bytes(found[0])


def drop(session: Session, serial: int) -> bool:
    """Drop some pieces of a file; return whether there may be more."""
    some = select(PIECES.c.number).where(PIECES.c.serial == serial).limit(DROPPED_AT_ONCE)
    numbers = list(session.execute(some).scalars())
    session.execute(delete(PIECES).where(PIECES.c.serial == serial, PIECES.c.number.in_(numbers)))
    return len(numbers) == DROPPED_AT_ONCE


def file_of(row: PeopleImport, body: BinaryIO) -> CsvFile:
    """Return the file of an import, put together again; its header was understood when it came."""
    codec = Encoding.UTF_8.codec if row.encoding == Encoding.UTF_8 else row.encoding
    return CsvFile(body, codec, row.delimiter, [], row.total)


def columns_of(row: PeopleImport) -> Columns:
    """Return what the columns of an import's file are."""
    return Columns(row.columns, row.ignored_columns)
