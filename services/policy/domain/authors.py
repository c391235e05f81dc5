"""The author of a draft, read the short way, because every check asks for one."""

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import col

from services.policy.domain import certificates, people
from services.policy.tables import Certificate, Person
from shared.db import Session
from shared.statements import Prebuilt, Row
from shared.tables import UtcDateTime

PERSON = select(col(Person.id), col(Person.employee_number), col(Person.department)).where(col(Person.active).is_(True))
BY_NUMBER = Prebuilt(PERSON.where(col(Person.employee_number) == bindparam("number")))
BY_ID = Prebuilt(PERSON.where(col(Person.id) == bindparam("person")))

HELD = Prebuilt(
    select(col(Certificate.certification)).where(
        col(Certificate.person) == bindparam("person"),
        *certificates.counting_at(bindparam("now", type_=UtcDateTime())),
    )
)


class Author(NamedTuple):
    """As much of a person as rules and receipts ask for."""

    id: str
    employee_number: str
    department: str
    certifications: frozenset[str]


def author_of(session: Session, number: str | None) -> Author | None:
    """Return the author of a draft, None where a key names nobody; raises what `people.acting` raises."""
    found = known(session, number)
    if found is None:
        person = people.acting(session, number)
        if person is None:
            return None
        found = (person.id, person.employee_number, person.department)
    person_id, employee_number, department = found
    held = HELD.rows(session, person=person_id, now=session.now)
    return Author(person_id, employee_number, department, frozenset(row[0] for row in held))


def known(session: Session, number: str | None) -> Row | None:
    """Return the plain cases: an unlimited key that names somebody, and a person who asks about themselves."""
    caller = session.context.caller
    if caller is None or not caller.signed_in:
        unlimited = caller is None or caller.departments is None
        return BY_NUMBER.first(session, number=number) if unlimited and number is not None else None
    if caller.person is None or number not in {None, caller.employee_number}:
        return None
    return BY_ID.first(session, person=caller.person)
