"""Is this person certified? For hundreds of people in two queries, now or as of any moment."""

from datetime import datetime
from typing import cast

from sqlalchemy import BindParameter, Row, Table, bindparam, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.training.domain import access
from services.training.domain.certification import absences
from services.training.domain.certification.standing import Standing, is_certified, status_at, term_at
from services.training.schemas.certificates import Status, StatusesIn, StatusesOut, StatusOut
from services.training.tables import Certificate, FormerNumber, Person
from shared.db import Session

CERTIFICATE = cast(Table, Certificate.__table__).c  # type: ignore[attr-defined]
FACTS = (
    CERTIFICATE.person,
    CERTIFICATE.id,
    CERTIFICATE.certification,
    CERTIFICATE.issued_at,
    CERTIFICATE.expiring_from,
    CERTIFICATE.expires_at,
    CERTIFICATE.grace_until,
    CERTIFICATE.past_terms,
    CERTIFICATE.suspensions,
    CERTIFICATE.revoked_at,
)
"""Plain columns: an entity a row would cost more than the query."""
NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
OWN = (col(Person.id), col(Person.employee_number), col(Person.left_at))
PEOPLE = select(*OWN).where(col(Person.employee_number).in_(NUMBERS), col(Person.merged_into).is_(None))
DUPLICATE = aliased(Person)
NAMED = union_all(
    select(col(FormerNumber.employee_number).label("former"), col(FormerNumber.person).label("person")).where(
        col(FormerNumber.employee_number).in_(NUMBERS)
    ),
    select(col(DUPLICATE.employee_number), col(DUPLICATE.merged_into)).where(
        col(DUPLICATE.employee_number).in_(NUMBERS), col(DUPLICATE.merged_into).is_not(None)
    ),
).subquery()
BY_FORMER = select(*OWN, NAMED.c.former).join(NAMED, NAMED.c.person == col(Person.id))
"""Those who had a number before, or whose duplicate had it: asked only for what nobody has now."""
# Two queries, each by its index: joined, SQLite would read all certificates of the tier.
OF_PEOPLE = (
    select(*FACTS)
    .where(CERTIFICATE.person.in_(bindparam("people", expanding=True)), CERTIFICATE.issued_at <= bindparam("at"))
    .order_by(CERTIFICATE.certification, CERTIFICATE.sequence)
)
OF_TIER = OF_PEOPLE.where(CERTIFICATE.certification == bindparam("certification"))


def find(session: Session, body: StatusesIn) -> StatusesOut:
    """Answer for each employee number asked, in that order; whoever is not known here has the status none.

    Without a certification there is an answer for each that a person has, or one `none`.
    """
    at = body.as_of or session.now
    limits = access.limits(session, "certificates:read")
    asked = PEOPLE.where(*limits) if limits else PEOPLE
    known = {row.employee_number: row for row in session.execute(asked, {"numbers": list(set(body.employee_numbers))})}
    if unknown := set(body.employee_numbers).difference(known):
        before = BY_FORMER.where(*limits) if limits else BY_FORMER
        known |= {row.former: row for row in session.execute(before, {"numbers": list(unknown)})}
    left = absences.at_moment(session, {row.id: row.left_at for row in known.values()}, at)
    people = {number: row.id for number, row in known.items()}
    of_tier = {} if body.certification is None else {"certification": body.certification}
    of_people = OF_TIER if of_tier else OF_PEOPLE
    latest: dict[str, dict[str, Row[tuple[object, ...]]]] = {}
    for row in session.execute(of_people, {"people": list(left), "at": at, **of_tier}):
        latest.setdefault(row.person, {})[row.certification] = row
    items: list[StatusOut] = []
    for number in body.employee_numbers:
        person = people.get(number, "")
        found = [answer(number, row, left[person], at) for row in latest.get(person, {}).values()]
        items += found or [none(number, body.certification, at)]
    return StatusesOut(items=items)


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


def answer(number: str, row: Row[tuple[object, ...]], left_at: datetime | None, at: datetime) -> StatusOut:
    """Return the answer that a certificate gives."""
    standing = cast(Standing, row)
    status = status_at(standing, at, left_at)
    certified = is_certified(standing, status, at)
    return StatusOut(
        employee_number=number,
        certification=row.certification,
        status=status,
        certified=certified,
        certified_until=term_at(standing, at).grace_until if certified else None,
        as_of=at,
        certificate=row.id,
    )
