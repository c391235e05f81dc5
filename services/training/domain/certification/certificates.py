"""Certificates as clients, events and spreadsheets see them; statuses follow the clock."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import absences
from services.training.domain.certification.standing import status_at
from services.training.domain.certification.terms import renewable_from
from services.training.schemas.certificates import CertificateOut, Status
from services.training.tables import Certificate, Person, State
from shared.db import Session
from shared.events.training import CertificateTold
from shared.pages import Page, PageQuery, encode_cursor
from shared.problems import NotFound

E = TypeVar("E", bound=CertificateTold)


def out(certificate: Certificate, person: Person, status: Status) -> CertificateOut:
    """Return a certificate of a person with the status asked for."""
    return CertificateOut.model_validate(
        {
            **certificate.model_dump(),
            "employee_number": person.employee_number,
            "status": status,
            "renewable_from": renewable_from(certificate),
        }
    )


def event(kind: type[E], certificate: Certificate, status: Status) -> E:
    """Return what is told of a certificate."""
    return kind(**{**certificate.model_dump(include=set(kind.model_fields)), "status": status})


def get(session: Session, certificate: str, as_of: datetime | None) -> tuple[CertificateOut, int]:
    """Return a certificate with its status at a moment, and its revision; raises NotFound."""
    row, person = load(session, certificate, "certificates:read")
    at = as_of or session.now
    left = absences.at_moment(session, {person.id: person.left_at}, at)[person.id]
    return out(row, person, status_at(row, at, left)), row.revision


def load(session: Session, certificate: str, scope: str) -> tuple[Certificate, Person]:
    """Return a certificate that the caller may reach, with its holder; raises NotFound."""
    found = session.exec(
        select(Certificate, Person)
        .join(Person, col(Person.id) == col(Certificate.person))
        .where(Certificate.id == certificate, *access.limits(session, scope))
    ).first()
    if found is None:
        raise NotFound("There is no such certificate, or it is someone else's.")
    access.note_look(session, found[1].id)
    return found


def of_person(session: Session, employee_number: str, as_of: datetime | None) -> Page[CertificateOut]:
    """Return the latest certificate of each certification that a person had at a moment."""
    at = as_of or session.now
    person = access.get_person(session, employee_number, "certificates:read")
    rows = session.exec(
        select(Certificate)
        .where(Certificate.person == person.id, Certificate.issued_at <= at)
        .order_by(col(Certificate.sequence))
    )
    latest = {row.certification: row for row in rows}
    left = absences.at_moment(session, {person.id: person.left_at}, at)[person.id]
    return Page(items=[out(row, person, status_at(row, at, left)) for _, row in sorted(latest.items())])


def find(
    session: Session,
    paging: PageQuery,
    employee_number: str | None,
    certification: str | None,
    status: Status | None,
    archived: bool,
) -> Page[CertificateOut]:
    """List certificates, without those that a renewal archived unless they are asked for."""
    conditions = [
        *access.limits(session, "certificates:read"),
        *([] if archived else [col(Certificate.archived_at).is_(None)]),
    ]
    if employee_number is not None:
        conditions.append(col(Person.employee_number) == employee_number)
    if certification is not None:
        conditions.append(col(Certificate.certification) == certification)
    if status is not None:
        conditions.append(has_status(status, session.now))
    rows = page_of(session, conditions, paging.after, paging.limit + 1)
    items = [out(row, person, status_at(row, session.now, person.left_at)) for row, person in rows[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(items[-1].id) if len(rows) > paging.limit else None)


def page_of(
    session: Session, conditions: Iterable[ColumnElement[bool]], after: str | None, limit: int
) -> Sequence[tuple[Certificate, Person]]:
    """Return certificates with their holders, in the order of their ids, after one of them."""
    query = select(Certificate, Person).join(Person, col(Person.id) == col(Certificate.person)).where(*conditions)
    if after is not None:
        query = query.where(Certificate.id > after)
    return session.exec(query.order_by(Certificate.id).limit(limit)).all()


def has_status(status: Status, now: datetime) -> ColumnElement[bool]:
    """Return the condition that says in SQL what `status_at` says for this moment."""
    here = or_(col(Person.left_at).is_(None), col(Person.left_at) > now)
    held = and_(here, col(Certificate.state) == State.HELD)
    expiring_from, expires_at = col(Certificate.expiring_from), col(Certificate.expires_at)
    return {
        Status.VALID: and_(held, expiring_from > now),
        Status.EXPIRING: and_(held, expiring_from <= now, expires_at > now),
        Status.EXPIRED: and_(held, expires_at <= now),
        Status.SUSPENDED: and_(here, col(Certificate.state) == State.SUSPENDED),
        Status.REVOKED: and_(here, col(Certificate.state) == State.REVOKED),
        Status.NONE: ~here,
    }.get(status, false())
