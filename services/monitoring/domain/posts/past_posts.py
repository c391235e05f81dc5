"""Posts of the past for whoever tries rules on them: without their authors' names, in the order in which they came."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from services.monitoring.domain import people
from services.monitoring.domain.posts import contacts
from services.monitoring.domain.posts.judging import media_of
from services.monitoring.tables import Post
from shared.db import Session
from shared.past_posts import Archive, Extent, PastPost, ReadPosts, Selection

COLUMNS = (
    Post.id,
    Post.network,
    Post.kind,
    Post.person,
    Post.department,
    Post.lang,
    Post.posted_at,
    Post.text,
    Post.media,
    Post.in_reply_to,
)


def measure(session: Session, selection: Selection) -> Extent:
    """Count the posts of a selection; those that come later have ids behind `last`."""
    counted = select(func.count(), func.max(Post.id)).select_from(Post).where(*conditions(selection))
    posts, last = session.execute(counted).one()
    return Extent(posts, last)


def read(session: Session, wanted: ReadPosts, limit: int) -> Sequence[PastPost]:
    """Return the next posts of a selection."""
    where = [*conditions(wanted.selection), col(Post.id) <= wanted.last]
    if wanted.after is not None:
        where.append(col(Post.id) > wanted.after)
    rows = session.execute(select(*COLUMNS).where(*where).order_by(col(Post.id)).limit(limit))  # type: ignore[call-overload]
    return nameless(session, rows.all())


def find(session: Session, ids: Sequence[str]) -> Sequence[PastPost]:
    """Return the posts with these ids."""
    return nameless(session, session.execute(select(*COLUMNS).where(col(Post.id).in_(ids))).all())  # type: ignore[call-overload]


def conditions(selection: Selection) -> list[ColumnElement[bool]]:
    """Return what a selection asks of a post."""
    where: list[ColumnElement[bool]] = [col(Post.kind).in_(selection.kinds)]
    if selection.networks is not None:
        where.append(col(Post.network).in_(selection.networks))
    if selection.since is not None:
        where.append(col(Post.posted_at) >= selection.since)
    if selection.until is not None:
        where.append(col(Post.posted_at) < selection.until)
    return where


def nameless(session: Session, rows: Sequence[Any]) -> list[PastPost]:
    """Put an author's certifications, as they are today, in the author's place."""
    authors = {row.person for row in rows if row.person is not None}
    held = people.certifications(session, authors, session.now) if authors else {}
    first = contacts.first(session, {row.id for row in rows if row.in_reply_to is not None})
    return [
        PastPost(
            row.id,
            row.network,
            row.kind,
            row.department,
            tuple(held.get(row.person, ())),
            row.lang,
            row.posted_at,
            row.text,
            media_of(row.media),
            row.id in first,
        )
        for row in rows
    ]


archive = Archive(measure, read, find)
