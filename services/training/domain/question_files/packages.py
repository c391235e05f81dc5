"""Zipped packages of questions read without harm: only XML is unpacked, and of that only so much."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from services.training.domain.question_files.building import brief
from services.training.domain.question_files.reading import NotAQuestionFile

MOST_FILES = 3000
LARGEST = 1024 * 1024
"""Bytes of one XML file, unpacked."""
ALL_TOGETHER = 16 * 1024 * 1024
"""Bytes of all XML files of a package, unpacked: a small package may hold a thousand times its length."""
MANIFEST = "imsmanifest.xml"
ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Member:
    """An XML file of a package, or why it cannot be read."""

    name: str
    content: bytes = b""
    refused: str | None = None


def is_package(content: bytes) -> bool:
    """Say whether a file is meant to be a zipped one."""
    return content.startswith(b"PK")


def members_of(content: bytes) -> Iterator[Member]:
    """Yield the XML files of a package, the manifest first; raises NotAQuestionFile."""
    try:
        package = ZipFile(BytesIO(content))
    except (BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        raise NotAQuestionFile("Is not a ZIP file that can be read.") from None
    with package:
        infos = package.infolist()
        if len(infos) > MOST_FILES:
            raise NotAQuestionFile(f"A package may have {MOST_FILES} files, this one has {len(infos)}.")
        left = ALL_TOGETHER
        files = [info for info in infos if not info.is_dir() and info.filename.lower().endswith(".xml")]
        for info in sorted(files, key=lambda one: (base(one) != MANIFEST, one.filename)):
            member = member_of(package, info)
            left -= len(member.content)
            if left < 0:
                raise NotAQuestionFile(f"The XML files of a package may have {ALL_TOGETHER} bytes, unpacked.")
            yield member


def member_of(package: ZipFile, info: ZipInfo) -> Member:
    """Unpack one file, as far as it may go; what a package says of its length is not believed."""
    name = shown(info.filename)
    if info.flag_bits & ENCRYPTED:
        return Member(name, refused="is encrypted")
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        return Member(name, refused="is packed in a way that is not read")
    try:
        with package.open(info) as file:
            content = file.read(LARGEST + 1)
    except (BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError):
        return Member(name, refused="is damaged")
    if len(content) > LARGEST:
        return Member(name, refused=f"has more than {LARGEST} bytes, unpacked")
    return Member(name, content)


def base(info: ZipInfo) -> str:
    """Return a file's name without its folder."""
    return info.filename.rpartition("/")[2].lower()


def shown(name: str) -> str:
    """Return a file's name as it may be shown."""
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in name)
    return plain if len(plain) <= 200 else brief(plain)
