"""Is this person certified? For hundreds of people in one query, now or as of any moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Row, select
from sqlmodel import col

from services.training.domain import access
from services.training.domain.standing import Standing, is_certified, status_at
from services.training.schemas.certificates import Status, StatusesIn, StatusesOut, StatusOut
from services.training.tables import Certificate, Person
from shared.db import Session

FACTS = (
    col(Person.employee_number),
    col(Person.left_at),
    col(Certificate.id),
    col(Certificate.certification),
    col(Certificate.issued_at),
    col(Certificate.expiring_from),
    col(Certificate.expires_at),
    col(Certificate.grace_until),
    col(Certificate.suspensions),
    col(Certificate.revoked_at),
)


def find(session: Session, body: StatusesIn) -> StatusesOut:
    """Answer for each employee number asked, in that order; whoever is not known here has the status none.

    Without a certification there is an answer for each that a person has, or one `none`.
    """
    at = body.as_of or session.now
    query = (
        select(*FACTS)
        .join(Certificate, col(Certificate.person) == col(Person.id))
        .where(
            col(Person.employee_number).in_(set(body.employee_numbers)),
            col(Certificate.issued_at) <= at,
            *access.limits(session, "certificates:read"),
            *([col(Certificate.certification) == body.certification] if body.certification is not None else []),
        )
        .order_by(col(Certificate.certification), col(Certificate.sequence))
    )
    latest: dict[str, dict[str, Row[tuple[object, ...]]]] = {}
    for row in session.execute(query):
        latest.setdefault(row.employee_number, {})[row.certification] = row
    items: list[StatusOut] = []
    for number in body.employee_numbers:
        items += answers(number, list(latest.get(number, {}).values()), body.certification, at)
    return StatusesOut(items=items)


def answers(
    number: str, rows: Sequence[Row[tuple[object, ...]]], certification: str | None, at: datetime
) -> list[StatusOut]:
    """Return the answers for one person."""
    if not rows:
        return [none(number, certification, at)]
    return [answer(row, at) for row in rows]


def none(number: str, certification: str | None, at: datetime) -> StatusOut:
    """Return the answer for someone who has no certificate, or whom we do not know."""
    return StatusOut(
        employee_number=number,
        certification=certification,
        status=Status.NONE,
        certified=False,
        certified_until=None,
        as_of=at,
        certificate=None,
    )


def answer(row: Row[tuple[object, ...]], at: datetime) -> StatusOut:
    """Return the answer that a certificate gives."""
    standing = cast(Standing, row)
    status = status_at(standing, at, row.left_at)
    certified = is_certified(standing, status, at)
    return StatusOut(
        employee_number=row.employee_number,
        certification=row.certification,
        status=status,
        certified=certified,
        certified_until=row.grace_until if certified else None,
        as_of=at,
        certificate=row.id,
    )
