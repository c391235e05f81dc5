"""CSV files as they come: in any encoding, with any delimiter, read once to see that they are whole.

What is given wins; otherwise a byte order mark, then UTF-8 if the bytes are that, then what Excel writes in the West.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from services.training.schemas.imports import Delimiter, Encoding
from shared.problems import Invalid

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16"} | {
    codecs.BOM_UTF16_BE: "utf-16"
}
ZIP = b"PK\x03\x04"
Numbered = tuple[int, list[str]]
PIECE = 64 * 1024
SAMPLE = 4096
SEPARATOR = re.compile(r"\ufeff?sep=(.)\r?\n")
"""The line by which Excel is told of a delimiter."""


class NotACsv(Invalid):
    """The body is not a CSV file with the columns of people."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was read to its end without fault: `count` rows under `header`."""

    file: BinaryIO
    encoding: str
    delimiter: str
    header: list[str]
    count: int

    def rows(self) -> Generator[Numbered, None, None]:
        """Return the rows under the header, counted from 1; empty lines are none."""
        with text_of(self.file, self.encoding) as text:
            lines = csv.reader(text, delimiter=self.delimiter, strict=True)
            next(lines)
            yield from enumerate((cells for cells in lines if cells), start=1)


def read(
    file: BinaryIO,
    encoding: Encoding | None,
    delimiter: Delimiter | None,
    known: Callable[[Sequence[str]], int],
    most: int,
    problem: type[NotACsv] = NotACsv,
) -> CsvFile:
    """Read a file through; `known` counts the columns of a header that say something. Raises `problem`."""
    codec = encoding.codec if encoding is not None else codec_of(file, problem)
    try:
        sign = delimiter.sign if delimiter is not None else delimiter_of(file, codec, known)
        with text_of(file, codec) as text:
            lines = csv.reader(text, delimiter=sign, strict=True)
            header = checked(next(lines, []))
            count = sum(1 for cells in lines if checked(cells))
    except (UnicodeError, csv.Error) as error:
        raise problem(f"This is not a CSV file in {codec.removesuffix('-sig')}: {error}.") from None
    if count > most:
        raise problem(f"The file has {count} rows; send at most {most} at a time.")
    return CsvFile(file, codec, sign, [name.strip() for name in header], count)


def checked(cells: list[str]) -> list[str]:
    """Return the cells of a line; raises csv.Error for what no text holds."""
    if any("\x00" in cell for cell in cells):
        raise csv.Error("it holds NUL characters")
    return cells


@contextmanager
def text_of(file: BinaryIO, codec: str) -> Iterator[io.TextIOWrapper]:
    """Open a file as text from its first line; the line by which Excel is told of a delimiter is passed over."""
    told = SEPARATOR.fullmatch(first_line(file, codec))
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        if told is not None:
            text.readline()
        yield text
    finally:
        text.detach()


def first_line(file: BinaryIO, codec: str) -> str:
    """Return the first line of a file, as much of it as could be a header."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        return text.readline(PIECE)
    finally:
        text.detach()


def codec_of(file: BinaryIO, problem: type[NotACsv]) -> str:
    """Return in which encoding a file is; raises `problem` for what is no text at all."""
    file.seek(0)
    start = file.read(SAMPLE)
    if start.startswith(ZIP):
        raise problem("This is a spreadsheet or another packed file; save it as CSV.")
    for mark, codec in MARKS.items():
        if start.startswith(mark):
            return codec
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) / 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    return next(codec for codec in ("utf-8", "windows-1252", "iso-8859-1") if decodes(file, codec))


def decodes(file: BinaryIO, codec: str) -> bool:
    """Say whether all bytes of a file are text in an encoding."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(file: BinaryIO, codec: str, known: Callable[[Sequence[str]], int]) -> str:
    """Return the delimiter that Excel is told of, or else the one by which most columns of the header are known."""
    told = SEPARATOR.fullmatch(first_line(file, codec))
    if told is not None:
        return told[1]
    with text_of(file, codec) as text:
        line = text.readline(PIECE)

    def worth(sign: str) -> tuple[int, int]:
        cells = next(csv.reader([line], delimiter=sign), [])
        return known(cells), len(cells)

    return max((one.sign for one in Delimiter), key=worth)
