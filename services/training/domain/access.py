"""Whose things a caller may see and change: all, those of some departments, or their own."""

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col, select

from services.training.tables import FormerNumber, Person
from shared.context import EVERYONE
from shared.db import Session
from shared.problems import FieldError, Forbidden, Invalid, NotFound

NAMELESS = ""
"""The name of whoever was erased; everyone else has one."""
WRITING = frozenset({"training:write", "certificates:write"})
"""By which nothing is added to the entry of somebody who was erased."""


class OwnMatter(Forbidden):
    """Nobody decides on what concerns themselves."""


class LearningForAnother(Forbidden):
    """Somebody who signed in learns for nobody else."""


class DecisionForAnother(Forbidden):
    """Somebody who signed in decides in nobody else's name."""


def limits(session: Session, scope: str) -> list[ColumnElement[bool]]:
    """Return the conditions on people that hold for what the caller may reach by `scope`.

    A machine key with the scope reaches everyone, or the departments it is limited to; a person without it
    reaches themself. Work that has no caller (events, timers) is not limited.
    """
    caller = session.context.caller
    if caller is None:
        return []
    if caller.has(scope):
        session.context.looked_at.add(EVERYONE)
        return [] if caller.departments is None else [col(Person.department).in_(caller.departments)]
    return [col(Person.id) == caller.person if caller.person is not None else false()]


def within_limits(session: Session, department: str) -> bool:
    """Say whether the caller may put people into a department."""
    caller = session.context.caller
    return caller is None or caller.departments is None or department in caller.departments


def refuse_department(session: Session, department: str) -> None:
    """Raise Forbidden when the caller's key is limited to other departments."""
    if not within_limits(session, department):
        raise Forbidden(f"This key may not write people of the department {department}.")


def refuse_limited(session: Session, what: str) -> None:
    """Raise Forbidden when the caller's key is limited to departments, for what holds in all of them."""
    caller = session.context.caller
    if caller is not None and caller.departments is not None:
        raise Forbidden(f"{what} is for people of all departments; this key is limited to some.")


def refuse_own(session: Session, person: str) -> None:
    """Raise OwnMatter when the caller is the person on whose certificate or learning something is decided."""
    caller = session.context.caller
    if caller is not None and caller.person == person:
        raise OwnMatter


def refuse_proxy(session: Session, person: str) -> None:
    """Raise LearningForAnother when somebody who signed in would read or sit a course in another's place."""
    caller = session.context.caller
    if caller is not None and caller.signed_in and caller.person != person:
        raise LearningForAnother


def get_person(session: Session, employee_number: str, scope: str) -> Person:
    """Return a person whom the caller may reach; raises NotFound for anyone else."""
    found = session.exec(
        select(Person).where(Person.employee_number == employee_number, *limits(session, scope))
    ).first()
    if found is None or found.merged_into is not None:
        found = known_before(session, employee_number, scope)
    if found is None or (found.name == NAMELESS and scope in WRITING):
        raise NotFound(f"There is no person with the employee number {employee_number}.")
    note_look(session, found.id)
    return found


def find_person(session: Session, employee_number: str) -> Person | None:
    """Return the person who has an employee number, whoever asks; the log of who looked at whom asks so."""
    return session.exec(select(Person).where(Person.employee_number == employee_number)).first()


def note_look(session: Session, person: str) -> None:
    """Note that this request looks at one person's record."""
    session.context.looked_at.add(person)


def known_before(session: Session, employee_number: str, scope: str) -> Person | None:
    """Return the person who had an employee number before, or whose duplicate had it, if the caller may reach them."""
    former = select(FormerNumber.person).where(FormerNumber.employee_number == employee_number)
    merged = select(Person.merged_into).where(
        Person.employee_number == employee_number, col(Person.merged_into).is_not(None)
    )
    either = or_(col(Person.id).in_(former), col(Person.id).in_(merged))
    return session.exec(select(Person).where(either, *limits(session, scope))).first()


def get_by_id(session: Session, person: str, scope: str) -> Person:
    """Return the person with an id if the caller may reach them; raises NotFound."""
    found = session.exec(select(Person).where(Person.id == person, *limits(session, scope))).first()
    if found is None:
        raise NotFound("There is no such thing, or it is someone else's.")
    return found


def deciding(session: Session, employee_number: str | None, scope: str) -> Person:
    """Return who decides on somebody: whom a machine names, else the person who asks, and nobody in another's name.

    Raises NotFound, DecisionForAnother, or Invalid when a machine names nobody.
    """
    caller = session.context.caller
    found = acting(session, employee_number, scope)
    if caller is not None and caller.signed_in and found.id != caller.person:
        raise DecisionForAnother
    return found


def acting(session: Session, employee_number: str | None, scope: str) -> Person:
    """Return for whom something is done: whom a machine names, else the person who asks.

    Raises NotFound, or Invalid when a machine names nobody.
    """
    if employee_number is not None:
        return get_person(session, employee_number, scope)
    caller = session.context.caller
    if caller is None or caller.person is None:
        missing = FieldError(pointer="/employee_number", detail="A key acts for a person: say for whom.")
        raise Invalid("This request must name a person.", errors=[missing])
    found = session.get(Person, caller.person)
    if found is None:
        raise NotFound("You are not known here as a person yet.")
    return found
