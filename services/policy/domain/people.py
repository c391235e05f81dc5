"""The copy of people that this service keeps, and as whom a request acts."""

from sqlalchemy import ColumnElement, SQLColumnExpression, update
from sqlmodel import col, select

from services.policy.tables import Person, metadata
from shared.db import Session
from shared.events.training import PersonChangedV1, PersonMergedV1
from shared.problems import FieldError, Forbidden, Invalid, NotFound
from shared.same_person import move
from shared.statements import upsert_row

PERSON = tuple(Person.model_fields)
KEEP = upsert_row(metadata.tables["people"], *PERSON, key="id")


class UnknownPerson(NotFound):
    """Nobody with this employee number is known here, or not yet."""

    passes = True


class ActingForAnother(Forbidden):
    """Only a key may act for somebody else."""


def keep(session: Session, event: PersonChangedV1) -> None:
    """Keep what is new about a person."""
    KEEP.run(session, {name: getattr(event, name) for name in PERSON})


def leave(session: Session, person: str) -> None:
    """Mark a person as gone; what they accepted and wrote stays."""
    session.execute(update(Person).where(col(Person.id) == person).values(active=False))


def merge(session: Session, event: PersonMergedV1) -> None:
    """Give all that is kept of one entry to the other entry of the same person."""
    move(session, metadata, event.id, event.into, but={"people"})


def reach(
    session: Session, person: SQLColumnExpression[str] | SQLColumnExpression[str | None]
) -> list[ColumnElement[bool]]:
    """Return the condition that `person` is of a department the caller's key is limited to; none for all others."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return []
    return [person.in_(select(Person.id).where(col(Person.department).in_(caller.departments)))]


def visible(session: Session) -> list[ColumnElement[bool]]:
    """Return the conditions that the caller may know of a `Person`: without `people:read` only of themselves."""
    caller = session.context.caller
    if caller is None:
        return []
    own = [] if caller.has("people:read") else [col(Person.id) == caller.person]
    return own if caller.departments is None else [*own, col(Person.department).in_(caller.departments)]


def sees_drafts(session: Session) -> bool:
    """Tell whether the caller works on policies; everybody else sees what was published."""
    caller = session.context.caller
    return caller is None or caller.has("policies:write") or caller.has("team:read")


def find(session: Session, employee_number: str) -> Person:
    """Return an active person by employee number; raises UnknownPerson, also for a department closed to the caller.

    A person who was added a moment ago may not have arrived here yet, so the answer says when to try again.
    """
    people = select(Person).where(Person.employee_number == employee_number, col(Person.active).is_(True))
    person = session.exec(people.where(*reach(session, col(Person.id)))).first()
    if person is None:
        raise UnknownPerson(
            f"No active person with the employee number {employee_number} has arrived here.", retry_after=1
        )
    return person


def acting(session: Session, employee_number: str | None) -> Person | None:
    """Return the person as whom the caller acts: themselves, or whom a key names; None for a key that names nobody.

    Somebody who signed in without being known as a person acts as nobody. Raises UnknownPerson, or ActingForAnother
    when a person names a colleague.
    """
    caller = session.context.caller
    if caller is None or not caller.signed_in:
        return find(session, employee_number) if employee_number is not None else None
    if caller.person is None:
        if employee_number is not None:
            raise ActingForAnother
        return None
    person = session.get(Person, caller.person)
    if person is None or not person.active:
        raise UnknownPerson("You have not arrived here yet; try again in a moment.", retry_after=1)
    if employee_number not in {None, person.employee_number}:
        raise ActingForAnother
    return person


def needed(session: Session, employee_number: str | None) -> Person:
    """Return as whom the caller acts; raises UnknownPerson, or Invalid when a key names nobody."""
    person = acting(session, employee_number)
    if person is None and session.context.caller and session.context.caller.signed_in:
        raise UnknownPerson("Nobody here is known by the name that you signed in with.")
    if person is None:
        raise Invalid(
            "A key has to say for whom.", errors=[FieldError(pointer="/employee_number", detail="needed from a key")]
        )
    return person


def actor(session: Session, employee_number: str | None) -> str:
    """Return the id under which an act is noted: `person:<id>`, or `key:<id>` where a key acts in nobody's name."""
    person = acting(session, employee_number)
    if person is not None:
        return f"person:{person.id}"
    return session.context.caller.id if session.context.caller else "system"


def person_in(actor: str | None) -> str | None:
    """Return the person's id in what `actor` gave; None for a key that acts in nobody's name."""
    kind, _, person = (actor or "").partition(":")
    return person if kind == "person" else None


def numbers_of(session: Session, *actors: str | None) -> dict[str, str]:
    """Return the employee numbers of those among what `actor` gave who are people that are known."""
    persons = {actor: person for actor in actors if actor and (person := person_in(actor))}
    known = by_id(session, set(persons.values()))
    return {actor: known[person].employee_number for actor, person in persons.items() if person in known}


def by_id(session: Session, ids: set[str]) -> dict[str, Person]:
    """Return the people with these ids, as far as they are known."""
    return {person.id: person for person in session.exec(select(Person).where(col(Person.id).in_(ids)))} if ids else {}
