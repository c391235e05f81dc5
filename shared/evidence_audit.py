"""The evidence log as a list for people: newest first, filtered, with the names that are still kept beside its entries."""

from datetime import UTC, datetime

import orjson
from pydantic import BaseModel
from sqlalchemy import ColumnElement, RowMapping, and_, func, select, true

from shared import evidence_veil, works_council
from shared.db import Session
from shared.tables import evidence_entries

LOOKED_AT = 50_000
"""Entries that are looked through for one page."""
AT = '"at":"'
TO_THE_SECOND = len("2026-11-23T12:00:00")


class AuditQuery(BaseModel):
    """Which entries: those that fit all that is given; `before` is the id of an entry, and all that follow are older.

    `whole` asks for who it was also where works-council mode hides that from lists: to prove what happened in one case.
    """

    action: str | None = None
    subject: str | None = None
    actor: str | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50
    whole: bool = False


class AuditEntry(BaseModel):
    """Who did what, when, to what content.

    `refers_to` names what it belongs to, such as the conversation of a reply, as entries name their subjects.
    `actor` and `person` are ids, and null where the person was erased, where works-council mode hides what would measure
    them, or where no person is concerned. `head` is the number
    of the signed head that it is under, null in its first second.
    """

    service: str
    entry: str
    at: datetime
    action: str
    subject: str
    content_hash: str | None
    refers_to: list[str] = []
    actor: str | None
    person: str | None
    head: int | None
    place: int | None


class AuditStretch(BaseModel):
    """Entries of one service; all that fit down to the entry `reached`, or to the first one if that is null."""

    items: list[AuditEntry]
    reached: str | None


def read_audit(session: Session, service: str, query: AuditQuery) -> AuditStretch:
    """Return the newest entries that fit; a page may have fewer than asked for although there are more."""
    ids = evidence_entries.c.id
    older = ids < query.before if query.before is not None else true()
    lowest = session.execute(select(ids).where(older).order_by(ids.desc()).offset(LOOKED_AT - 1).limit(1)).scalar()
    near = ids >= lowest if lowest is not None else true()
    hiding = works_council.NOBODY if query.whole else works_council.hidden(session)
    asked = conditions(session, query)
    if hiding and evidence_veil.asks_for_hidden(hiding, query.actor, query.person, query.subject):
        asked.append(evidence_veil.none_that_measures())
    wanted = select(evidence_entries).where(older, near, *asked).order_by(ids.desc())
    found = session.execute(wanted.limit(query.limit + 1)).mappings().all()
    items = [audit_entry(service, row, hiding) for row in found[: query.limit]]
    return AuditStretch(items=items, reached=items[-1].entry if len(found) > query.limit else lowest)


def conditions(session: Session, query: AuditQuery) -> list[ColumnElement[bool]]:
    """Return what an entry has to fulfil, by the order in which its text names its parts."""
    body, personal = evidence_entries.c.body, evidence_entries.c.personal
    asked: list[ColumnElement[bool]] = []
    if query.action is not None:
        asked.append(begins(body, f'{{"action":{quoted(query.action)},'))
    if query.subject is not None:
        asked.append(ends(body, f'"subject":{quoted(query.subject)}}}'))
    if query.actor is not None:
        asked.append(begins(personal, f'{{"actor":{quoted(query.actor)},'))
    if query.person is not None:
        asked.append(ends(personal, f'"person":{quoted(query.person)}}}'))
    place = func.instr if session.get_bind().dialect.name == "sqlite" else func.strpos
    at = func.substr(body, place(body, AT) + len(AT), TO_THE_SECOND)
    if query.since is not None:
        asked.append(at >= second_of(query.since))
    if query.until is not None:
        asked.append(at < second_of(query.until))
    return asked


def begins(text: ColumnElement[str], with_this: str) -> ColumnElement[bool]:
    """Return the condition that a text begins so; LIKE would not heed upper and lower case on SQLite."""
    return func.substr(text, 1, len(with_this)) == with_this


def ends(text: ColumnElement[str], with_this: str) -> ColumnElement[bool]:
    """Return the condition that a text ends so."""
    return and_(
        func.length(text) >= len(with_this), func.substr(text, func.length(text) - len(with_this) + 1) == with_this
    )


def quoted(text: str) -> str:
    """Return a text as JSON."""
    return orjson.dumps(text).decode()


def second_of(at: datetime) -> str:
    """Return the second of an instant, as entries begin to say it."""
    return at.astimezone(UTC).isoformat()[:TO_THE_SECOND]


def audit_entry(service: str, row: RowMapping, hiding: works_council.Hidden) -> AuditEntry:
    """Return an entry with the names that are kept beside it, without those that are hidden."""
    body = orjson.loads(row["body"])
    names = orjson.loads(row["personal"] or "{}")
    if hiding and evidence_veil.measures(body["action"]):
        names = evidence_veil.names_without(hiding, names)
        body["subject"] = evidence_veil.subject_without(hiding, body["subject"])
    return AuditEntry(
        service=service,
        entry=row["id"],
        at=body["at"],
        action=body["action"],
        subject=body["subject"],
        content_hash=body["content_hash"],
        refers_to=body.get("refers_to", []),
        actor=names.get("actor"),
        person=names.get("person"),
        head=row["head"],
        place=row["place"],
    )
