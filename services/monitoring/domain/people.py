"""Who is who: the copies of people and certificates, and on whose behalf a request acts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression
from sqlmodel import col, select

from services.monitoring.tables import Certificate, Finding, Guidance, Person, metadata
from shared import works_council
from shared.context import Principal
from shared.db import Session
from shared.events.training import CertificateTold, PersonChangedV1, PersonMergedV1
from shared.problems import Forbidden, NotFound
from shared.same_person import move
from shared.statements import upsert_row

WITHDRAWN = ("suspended", "revoked")
PERSON = tuple(Person.model_fields)
KEEP_PERSON = upsert_row(metadata.tables["people"], *PERSON, key="id")
KEEP_CERTIFICATE = upsert_row(metadata.tables["certificates"], *Certificate.model_fields, key="id")


WITHHELD = "withheld"
"""Stands for the employee number of anybody in works-council mode."""


class FiguresSwitchedOff(Forbidden):
    """The person is in works-council mode: nobody but they themselves looks up what they did, one by one."""


class UnknownPerson(NotFound):
    """Nobody with this employee number is known here, or not yet."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person, or a key that names nobody."""

    id: str
    person: str | None
    name: str
    """The employee number, or the key's id: what is shown."""


def keep_person(session: Session, told: PersonChangedV1) -> None:
    """Keep what monitoring must know of a person."""
    KEEP_PERSON.run(session, {name: getattr(told, name) for name in PERSON})


def merge(session: Session, told: PersonMergedV1) -> None:
    """Give all that is kept of one entry to the other entry of the same person; each says itself what it takes on."""
    move(session, metadata, told.id, told.into, but={"people", "availabilities"})
    wrote = ("author", "reviewer", "approver", "coach")
    move(session, metadata, told.id, told.into, columns=wrote, but={"posts", "messages"})


def mark_left(session: Session, person: str) -> None:
    """Note that somebody left; news of them may come later, and says so too."""
    row = session.get(Person, person)
    if row is not None:
        row.active = False
        session.flush()


def keep_certificate(session: Session, told: CertificateTold) -> None:
    """Keep a certificate as it is now; it ends with its grace time."""
    row = {
        "id": told.id,
        "person": told.person,
        "certification": told.certification,
        "status": told.status,
        "issued_at": told.issued_at,
        "ends_at": max(told.expires_at, told.grace_until),
        "replaces": told.replaces,
    }
    KEEP_CERTIFICATE.run(session, row)


def certifications(session: Session, people: Collection[str], at: datetime) -> dict[str, frozenset[str]]:
    """Return which certifications each of these people holds at an instant; a replaced certificate does not count."""
    replaced = select(Certificate.replaces).where(col(Certificate.replaces).is_not(None))
    rows = session.execute(
        select(Certificate.person, Certificate.certification).where(
            col(Certificate.person).in_(people),
            col(Certificate.status).not_in(WITHDRAWN),
            col(Certificate.issued_at) <= at,
            col(Certificate.ends_at) > at,
            col(Certificate.id).not_in(replaced),
        )
    ).all()
    held: dict[str, set[str]] = {}
    for person, certification in rows:
        held.setdefault(person, set()).add(certification)
    return {person: frozenset(names) for person, names in held.items()}


def holding(
    session: Session, wanted: Collection[str], at: datetime, persons: Collection[str] | None = None
) -> dict[str, frozenset[str]]:
    """Return who holds which of these certifications at an instant, of all people or of these."""
    replaced = select(Certificate.replaces).where(col(Certificate.replaces).is_not(None))
    statement = select(Certificate.person, Certificate.certification).where(
        col(Certificate.certification).in_(wanted),
        col(Certificate.status).not_in(WITHDRAWN),
        col(Certificate.issued_at) <= at,
        col(Certificate.ends_at) > at,
        col(Certificate.id).not_in(replaced),
    )
    if persons is not None:
        statement = statement.where(col(Certificate.person).in_(persons))
    held: dict[str, set[str]] = {}
    for person, certification in session.execute(statement).all():
        held.setdefault(person, set()).add(certification)
    return {person: frozenset(names) for person, names in held.items()}


def reach(session: Session, person: SQLColumnExpression[Any]) -> list[ColumnElement[bool]]:
    """Return the condition that `person` is of a department the caller's key is limited to; none for all others."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return []
    return [person.in_(select(Person.id).where(col(Person.department).in_(caller.departments)))]


def reaches(session: Session, person: str | None) -> bool:
    """Tell whether the caller's key, if it is limited to departments, may see and change what concerns a person."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return True
    row = session.get(Person, person) if person is not None else None
    return row is not None and row.department in caller.departments


def unreached(session: Session, persons: Collection[str | None]) -> set[str]:
    """Return whom of these the caller's key, if it is limited to departments, may see nothing of."""
    wanted = {person for person in persons if person}
    limits = reach(session, col(Person.id))
    if not wanted or not limits:
        return set()
    return wanted - set(session.execute(select(Person.id).where(col(Person.id).in_(wanted), *limits)).scalars())


def by_number(session: Session, employee_number: str) -> Person:
    """Return the person with an employee number; raises UnknownPerson, also for a department closed to the caller."""
    row: Person | None = session.execute(
        select(Person).where(col(Person.employee_number) == employee_number, *reach(session, col(Person.id))).limit(1)
    ).scalar()
    if row is None:
        raise UnknownPerson(
            f"Nobody here has the employee number {employee_number}; news of a new person takes a moment."
        )
    return row


def manager_of(session: Session, person: str | None) -> str | None:
    """Return whom somebody reports to, as far as that is known."""
    row = session.get(Person, person) if person is not None else None
    return row.manager if row is not None else None


def numbers(session: Session, people: Collection[str | None]) -> dict[str, str]:
    """Return the employee numbers of people by their ids, WITHHELD for those in works-council mode.

    Whoever is shown next to what they did is named by this: so nothing that is listed can be counted by person. People
    see themselves, and those with whom they have to do over guidance.
    """
    wanted = {person for person in people if person}
    if not wanted:
        return {}
    rows = session.execute(select(Person.id, Person.employee_number).where(col(Person.id).in_(wanted))).all()
    hiding = works_council.hidden(session) if session.context.caller is not None else works_council.NOBODY
    unseen = {person for person in wanted if person in hiding} - in_touch(session) if hiding else set()
    return {person: WITHHELD if person in unseen else number for person, number in rows}


def in_touch(session: Session) -> set[str]:
    """Return those whom the caller knows anyway: themselves, and the other side of the guidance that they give or got."""
    caller = session.context.caller
    if caller is None or caller.person is None:
        return set()
    me = caller.person
    claimed = select(Finding.person).where(col(Finding.coach) == me, col(Finding.state).in_(("claimed", "appealed")))
    guided = select(Guidance.person).where(col(Guidance.coach) == me)
    coaches = select(Guidance.coach).where(col(Guidance.person) == me)
    found = {person for query in (claimed, guided, coaches) for person in session.execute(query).scalars()}
    return {me, *(person for person in found if person is not None)}


def asked_for(session: Session, employee_number: str) -> str:
    """Return the id of somebody of whom a list is asked for; raises UnknownPerson or FiguresSwitchedOff."""
    person = by_number(session, employee_number).id
    refuse_hidden(session, person)
    return person


def refuse_hidden(session: Session, person: str) -> None:
    """Raise FiguresSwitchedOff where what a person did is for nobody but themselves to look up."""
    caller = session.context.caller
    if caller is not None and caller.person != person and works_council.hides(session, person):
        raise FiguresSwitchedOff


def acting(session: Session, caller: Principal, employee_number: str | None) -> Actor:
    """Return who acts: whom a key names, else the caller.

    A person who signed in acts only as themselves: naming somebody else raises UnknownPerson.
    """
    if employee_number is None or employee_number == caller.employee_number:
        return Actor(caller.person or caller.id, caller.person, caller.employee_number or caller.id)
    if caller.signed_in:
        raise UnknownPerson("Somebody who signed in acts for nobody else.")
    person = by_number(session, employee_number)
    return Actor(person.id, person.id, person.employee_number)
