"""Files of a course, kept by the hash of their content: pictures, captions and downloads, told by their first bytes.

What a browser could run is refused: no HTML and no SVG, whatever a file calls itself.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.teaching import courses, pages
from services.training.schemas.courses import AssetOut
from services.training.tables import Asset, CourseAsset
from shared.db import Session, insert
from shared.evidence import record
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import FieldError, Invalid, NotFound

LARGEST = 5 * 1024 * 1024
"""Bytes of one file."""
MOST = 500
"""Files of one course."""


class NotAnAsset(Invalid):
    """The file is not of a kind that a course may have."""


class TooManyAssets(Invalid):
    """The course has as many files as a course may have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its media type, and whether content is of it; only pictures and captions are shown in place."""

    media_type: str
    matches: Callable[[bytes], bool]
    shown: bool = False


def starts(*signatures: bytes) -> Callable[[bytes], bool]:
    """Return whether content begins with one of some signatures."""
    return lambda content: content.startswith(signatures)


def is_text(content: bytes) -> bool:
    """Say whether content is UTF-8 without control characters, and no page that a browser would take for one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    head = text[:2000].lstrip().casefold()
    return not any(ord(sign) < 32 and sign not in "\t\n\r" for sign in text) and not head.startswith("<")


OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: dict[str, Kind] = {
    "png": Kind("image/png", starts(b"\x89PNG\r\n\x1a\n"), shown=True),
    "jpg": Kind("image/jpeg", starts(b"\xff\xd8\xff"), shown=True),
    "jpeg": Kind("image/jpeg", starts(b"\xff\xd8\xff"), shown=True),
    "gif": Kind("image/gif", starts(b"GIF87a", b"GIF89a"), shown=True),
    "webp": Kind("image/webp", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP", shown=True),
    "vtt": Kind(
        "text/vtt", lambda content: is_text(content) and content.lstrip(b"\xef\xbb\xbf")[:6] == b"WEBVTT", True
    ),
    "pdf": Kind("application/pdf", starts(b"%PDF-")),
    "txt": Kind("text/plain", is_text),
    "csv": Kind("text/csv", is_text),
    "docx": Kind(f"{OFFICE}wordprocessingml.document", starts(b"PK\x03\x04")),
    "xlsx": Kind(f"{OFFICE}spreadsheetml.sheet", starts(b"PK\x03\x04")),
    "pptx": Kind(f"{OFFICE}presentationml.presentation", starts(b"PK\x03\x04")),
}
SHOWN = {kind.media_type for kind in KINDS.values() if kind.shown}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be kept."""

    name: str
    media_type: str
    hash: str
    content: bytes


def inspect(name: str, content: bytes) -> Upload:
    """Return a file as it will be kept; raises NotAnAsset when it is none that a course may have, or not what it says."""
    kind = KINDS.get(name.rpartition(".")[2])
    if kind is None:
        raise refused(f"a course's file ends in one of {', '.join(sorted(KINDS))}; pages and SVG could run something")
    if not content:
        raise refused("is empty")
    if not kind.matches(content):
        raise refused(f"does not hold {kind.media_type}, as its name says")
    return Upload(name, kind.media_type, hashlib.sha256(content).hexdigest(), content)


def refused(why: str) -> NotAnAsset:
    """Return what an author is told of a file."""
    return NotAnAsset(f"The file {why}.", errors=[FieldError(pointer="?name", detail=why)])


def keep(session: Session, course: str, upload: Upload) -> AssetOut:
    """Keep a file for a course; the same content again changes at most its name. Raises NotFound or TooManyAssets."""
    access.refuse_limited(session, "A course")
    courses.load(session, course)
    if len(session.exec(select(CourseAsset.hash).where(CourseAsset.course == course).limit(MOST)).all()) == MOST:
        raise TooManyAssets(f"A course has at most {MOST} files.")
    asset = {
        "hash": upload.hash,
        "media_type": upload.media_type,
        "size": len(upload.content),
        "content": upload.content,
    }
    session.execute(insert(session, Asset.__table__).values(asset).on_conflict_do_nothing())  # type: ignore[attr-defined]
    row = CourseAsset(course=course, hash=upload.hash, name=upload.name, uploaded_at=session.now)
    link = insert(session, CourseAsset.__table__).values(row.model_dump())  # type: ignore[attr-defined]
    session.execute(link.on_conflict_do_update(index_elements=["course", "hash"], set_={"name": upload.name}))
    record(session, "course.asset_added", f"course/{course}", content_hash=upload.hash)
    return out(row, upload.media_type, len(upload.content))


def find(session: Session, course: str, paging: PageQuery) -> Page[AssetOut]:
    """List the files that were uploaded for a course; raises NotFound."""
    courses.load(session, course)
    query = (
        select(CourseAsset, Asset.media_type, Asset.size)
        .join(Asset, col(Asset.hash) == CourseAsset.hash)
        .where(CourseAsset.course == course, CourseAsset.hash > (paging.after or ""))
    )
    rows = session.exec(query.order_by(CourseAsset.hash).limit(paging.limit + 1)).all()
    items = [out(row, media_type, size) for row, media_type, size in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].hash) if len(rows) > paging.limit else None)


def read(session: Session, course: str, digest: str) -> Upload:
    """Return a file of a course; raises NotFound."""
    found = session.exec(
        select(CourseAsset.name, Asset.media_type, Asset.content)
        .join(Asset, col(Asset.hash) == CourseAsset.hash)
        .where(CourseAsset.course == course, CourseAsset.hash == digest)
    ).first()
    if found is None:
        raise NotFound("The course has no such file.")
    name, media_type, content = found
    return Upload(name, media_type, digest, content)


def out(row: CourseAsset, media_type: str, size: int) -> AssetOut:
    """Return a file as authors see it."""
    url = pages.file_url(row.course, row.hash)
    return AssetOut(name=row.name, hash=row.hash, media_type=media_type, size=size, url=url)
