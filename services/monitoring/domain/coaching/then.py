"""What was so when something was posted: in which department its author was, and which certifications they held.

News of people comes in with the time at which it was told. What was before the first change we heard of was always so.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlmodel import col, select

from services.monitoring.domain.accounts import Author
from services.monitoring.domain.people import WITHDRAWN
from services.monitoring.domain.posts.written import Written
from services.monitoring.tables import Certificate, CertificateWithdrawn, DepartmentHeld, Person
from shared.db import Session
from shared.events.training import CertificateTold, PersonChangedV1

ALWAYS, FOREVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
COLUMNS = [col(getattr(Certificate, name)) for name in Certificate.model_fields]


def told_at(session: Session) -> datetime:
    """Return when what is being handled was told, or now."""
    event = session.context.event
    return event.time if event is not None else session.now


def note_department(session: Session, told: PersonChangedV1) -> None:
    """Keep in which department somebody was until now; called before the copy of them changes."""
    known = session.get(Person, told.id)
    if known is None or known.department == told.department:
        return
    since = told_at(session)
    held = select(DepartmentHeld).where(col(DepartmentHeld.person) == told.id)
    if session.execute(held.limit(1)).first() is None:
        session.add(DepartmentHeld(person=told.id, since=ALWAYS, department=known.department))
    session.merge(DepartmentHeld(person=told.id, since=since, department=told.department))
    session.flush()


def note_withdrawal(session: Session, told: CertificateTold) -> None:
    """Keep from when until when a certificate was suspended or revoked; called before the copy of it changes."""
    known = session.get(Certificate, told.id)
    was, is_now = known is not None and known.status in WITHDRAWN, told.status in WITHDRAWN
    if was == is_now:
        return
    at = told_at(session)
    if is_now:
        session.merge(CertificateWithdrawn(certificate=told.id, since=at, until=None))
    else:
        spells = select(CertificateWithdrawn).where(
            col(CertificateWithdrawn.certificate) == told.id, col(CertificateWithdrawn.until).is_(None)
        )
        for spell in session.execute(spells).scalars():
            spell.until = at
    session.flush()


def with_authors_then(session: Session, written: Sequence[Written]) -> list[Written]:
    """Return texts with their authors as they were when each text was published."""
    persons = {one.author.person for one in written if one.author.person is not None}
    if not persons:
        return list(written)
    departments, certificates = departments_of(session, persons), certificates_of(session, persons)
    return [
        replace(one, author=author_then(one.author, one.at, departments, certificates)) if one.author.person else one
        for one in written
    ]


Departments = dict[str, list[tuple[datetime, str]]]
Spell = tuple[datetime, datetime]
Certificates = dict[str, list[tuple[str, Spell, list[Spell]]]]


def author_then(author: Author, at: datetime, departments: Departments, certificates: Certificates) -> Author:
    """Return an author as they were at an instant."""
    person = author.person or ""
    held = [name for since, name in departments.get(person, []) if since <= at]
    return Author(
        author.person,
        held[-1] if held else author.department,
        frozenset(
            name
            for name, (start, end), withdrawn in certificates.get(person, [])
            if start <= at < end and not any(since <= at < until for since, until in withdrawn)
        ),
    )


def departments_of(session: Session, persons: Collection[str]) -> Departments:
    """Return the departments of people who changed theirs, each with since when, the earliest first."""
    held = select(DepartmentHeld.person, DepartmentHeld.since, DepartmentHeld.department)
    rows = held.where(col(DepartmentHeld.person).in_(persons)).order_by(col(DepartmentHeld.since))
    found: Departments = defaultdict(list)
    for person, since, department in session.execute(rows):
        found[person].append((since, department))
    return found


def withdrawals_of(session: Session, certificates: Collection[str]) -> dict[str, list[Spell]]:
    """Return from when until when certificates did not count."""
    found: dict[str, list[Spell]] = defaultdict(list)
    if certificates:
        spells = select(CertificateWithdrawn.certificate, CertificateWithdrawn.since, CertificateWithdrawn.until)
        for certificate, since, until in session.execute(
            spells.where(col(CertificateWithdrawn.certificate).in_(certificates))
        ):
            found[certificate].append((since, until or FOREVER))
    return found


def certificates_of(session: Session, persons: Collection[str]) -> Certificates:
    """Return the certificates of people: the certification, from when until when, and when it did not count.

    A certificate that was renewed counts until its successor does. One that does not count, without our having heard
    since when, never did.
    """
    rows = session.execute(select(*COLUMNS).where(col(Certificate.person).in_(persons))).all()
    follows = {row.replaces: row.issued_at for row in rows if row.replaces is not None}
    spells = withdrawals_of(session, [row.id for row in rows])
    found: Certificates = defaultdict(list)
    for row in rows:
        if row.status in WITHDRAWN and row.id not in spells:
            continue
        ends = min(row.ends_at, follows.get(row.id, row.ends_at))
        found[row.person].append((row.certification, (row.issued_at, ends), spells[row.id]))
    return found
