"""One person, many sources: who it is that a source speaks of.

The employee number decides, then the user name, then the e-mail, then the id by which the source knows them. User names
and e-mails are compared without regard to case. Two that name different people are a conflict, not a guess.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, bindparam, func, union_all
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.tables import FormerNumber, Person, PersonSource, Source
from shared.db import Session
from shared.problems import Conflict

OF: BindParameter[Any] = bindparam("people", expanding=True)
NAMED: CompoundSelect[Any] = union_all(
    core_select(col(FormerNumber.person), col(FormerNumber.employee_number)).where(col(FormerNumber.person).in_(OF)),
    core_select(col(Person.merged_into), col(Person.employee_number)).where(col(Person.merged_into).in_(OF)),
)


class IdentityConflict(Conflict):
    """What is given names two people, or somebody who has another employee number."""


def match(
    session: Session,
    *,
    employee_number: str | None = None,
    user_name: str | None = None,
    email: str | None = None,
    source: Source | None = None,
    external_id: str | None = None,
) -> Person | None:
    """Return whom the ids name, or None for somebody new; raises IdentityConflict.

    Somebody who is found by another id although their employee number is not the one given is a leaver who comes back
    under a new number, or a person whose number was one of ours; anybody else is a conflict, except that colleagues may
    share an e-mail.
    """
    numbered = by_number(session, employee_number) if employee_number is not None else None
    named = by_user_name(session, user_name) if user_name is not None else None
    mailed = by_email(session, email) if email is not None else None
    known = by_external_id(session, source, external_id) if source is not None and external_id is not None else None
    if numbered is None and employee_number is not None and mailed is not None and not may_be_renumbered(mailed):
        mailed = None
    found = numbered or named or mailed or known
    for other in (named, known):
        if found is not None and other is not None and other.id != found.id:
            raise IdentityConflict(
                f"What is given names two people: {found.employee_number} and {other.employee_number}."
            )
    if found is not None and numbered is None and employee_number is not None and not may_be_renumbered(found):
        raise IdentityConflict(f"{found.employee_number} has this user name or external id already.")
    return found


def former_numbers(session: Session, people: Collection[str]) -> dict[str, list[str]]:
    """Return by which numbers beside their own people are named: that they had, or whose entry became theirs."""
    named: dict[str, list[str]] = {}
    for person, number in session.execute(NAMED, {"people": list(people)}):
        named.setdefault(person, []).append(number)
    return {person: sorted(numbers) for person, numbers in named.items()}


def may_be_renumbered(person: Person) -> bool:
    """Say whether a person may turn up under another employee number without a word from whoever has theirs."""
    return person.number_given or not person.active


def by_number(session: Session, employee_number: str) -> Person | None:
    """Return the person who has an employee number, or had it once, or whose duplicate did."""
    found = session.exec(select(Person).where(Person.employee_number == employee_number)).first()
    if found is not None:
        return found if found.merged_into is None else session.get_one(Person, found.merged_into)
    former = select(FormerNumber.person).where(FormerNumber.employee_number == employee_number)
    return session.exec(select(Person).where(col(Person.id).in_(former))).first()


def by_user_name(session: Session, user_name: str) -> Person | None:
    """Return the person with a user name: written just so, else in whatever case; raises IdentityConflict."""
    rows = session.exec(select(Person).where(func.lower(Person.user_name) == func.lower(user_name)).limit(3)).all()
    found = [row for row in rows if row.user_name == user_name] or list(rows)
    if len(found) > 1:
        raise IdentityConflict(
            f"{found[0].employee_number} and {found[1].employee_number} share the user name {user_name}."
        )
    return found[0] if found else None


def by_email(session: Session, email: str) -> Person | None:
    """Return the person with an e-mail, in whatever case; one that several share names nobody."""
    rows = session.exec(select(Person).where(func.lower(Person.email) == func.lower(email)).limit(2)).all()
    return rows[0] if len(rows) == 1 else None


def by_external_id(session: Session, source: Source, external_id: str) -> Person | None:
    """Return the person whom a source knows by an id of its own."""
    known = select(PersonSource.person).where(PersonSource.source == source, PersonSource.external_id == external_id)
    return session.exec(select(Person).where(col(Person.id).in_(known))).first()
