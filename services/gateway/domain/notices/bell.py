"""A person's own notices, as the bell in the portal shows them."""

from sqlalchemy import or_, select
from sqlmodel import col

from services.gateway.domain.notices import phrases, preferences
from services.gateway.domain.notices.kinds import link_of
from services.gateway.schemas.notices import NoticeOut
from services.gateway.tables import KnownPerson, Notice
from shared.context import Principal
from shared.db import Session
from shared.evidence import record
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound


def find_page(session: Session, caller: Principal, paging: PageQuery, *, unread: bool = False) -> Page[NoticeOut]:
    """Return the caller's notices, the newest first; with `unread`, those that are neither read nor dealt with."""
    theirs = (col(Notice.person) == (caller.person or ""), col(Notice.at) <= session.now)
    query = select(Notice).where(*theirs, or_(col(Notice.over_at).is_(None), col(Notice.over_at) >= col(Notice.at)))
    if unread:
        query = query.where(col(Notice.read_at).is_(None), col(Notice.over_at).is_(None))
    language = language_for(session, caller)
    return page(session, query, paging, key=Notice.id, to=lambda row: shown(row, language), newest_first=True)


def read(session: Session, notice_id: str, caller: Principal) -> NoticeOut:
    """Note that the caller has read a notice: nothing more is sent of it. Raises NotFound."""
    row = session.get(Notice, notice_id, with_for_update=True)
    if row is None or row.person != caller.person or row.at > session.now:
        raise NotFound(f"There is no notice {notice_id} for you.")
    if row.read_at is None:
        row.read_at = session.now
        session.add(row)
        record(session, "notice.read", f"notice/{row.id}", person=row.person)
    return shown(row, language_for(session, caller))


def language_for(session: Session, caller: Principal) -> str:
    """Return the language in which the caller reads."""
    person = session.get(KnownPerson, caller.person) if caller.person else None
    return preferences.language_of(preferences.of(session, caller.person or ""), person)


def shown(row: Notice, language: str) -> NoticeOut:
    """Return a notice in a language."""
    return NoticeOut(
        **row.model_dump(include={"id", "kind", "name", "due_at", "at", "read_at", "over_at"}),
        title=phrases.title_of(row.kind, language),
        link=link_of(row.kind, row.subject, row.name),
    )
