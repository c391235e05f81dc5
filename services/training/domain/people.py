"""People: who works here, and what the other services are told when that changes."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from services.training.domain import access, decisions, measures
from services.training.schemas.people import PersonIn, PersonOut, PersonPatch
from services.training.tables import Person
from shared.conditions import expect
from shared.db import Session
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.evidence import record
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Invalid


class PersonExists(Conflict):
    """There is a person with this employee number or user name already."""


class NotManaged(Invalid):
    """The manager is not a person who is known here."""


def create(session: Session, body: PersonIn) -> PersonOut:
    """Add a person; raises Forbidden, PersonExists or NotManaged."""
    access.refuse_department(session, body.department)
    refuse_taken(session, body.employee_number, body.user_name or body.email)
    person = Person(
        **body.model_dump(exclude={"manager", "user_name"}),
        user_name=body.user_name or body.email,
        manager=manager_id(session, body.manager, of=None),
        created_at=session.now,
    )
    session.add(person)
    session.flush()
    told(session, [person])
    record(session, "person.created", f"person/{person.id}", person=person.id)
    return out(session, [person])[0]


def change(session: Session, employee_number: str, body: PersonPatch, if_match: int | None) -> PersonOut:
    """Change what the body names; raises NotFound, Forbidden, Stale, PersonExists or NotManaged."""
    person = access.get_person(session, employee_number, "people:write")
    session.refresh(person, with_for_update=True)
    expect(person.revision, if_match)
    access.refuse_department(session, body.department or person.department)
    before = person.model_dump(exclude={"revision"})
    asked = body.model_dump(exclude_unset=True)
    if "manager" in asked:
        asked["manager"] = manager_id(session, body.manager, of=person.id)
    if body.user_name is not None and body.user_name != person.user_name:
        refuse_taken(session, None, body.user_name)
    for name, value in asked.items():
        setattr(person, name, value)
    if person.model_dump(exclude={"revision"}) == before:
        return out(session, [person])[0]
    person.revision += 1
    session.flush()
    told(session, [person])
    if person.active != before["active"]:
        come_or_go(session, person)
    if person.active and (person.department, person.active) != (before["department"], before["active"]):
        decisions.decide(session, {person.id: session.now})
    record(session, "person.changed", f"person/{person.id}", person=person.id)
    return out(session, [person])[0]


def come_or_go(session: Session, person: Person) -> None:
    """Note that a person left, or is back, with what that does to their certificates."""
    if person.active:
        person.left_at = None
        measures.person_is_back(session, person.id)
        return
    person.left_at = session.now
    tell(session, PersonLeftV1(id=person.id, left_at=session.now))
    measures.person_left(session, person.id)


def get(session: Session, employee_number: str) -> PersonOut:
    """Return a person; raises NotFound."""
    return out(session, [access.get_person(session, employee_number, "people:read")])[0]


def find(
    session: Session, paging: PageQuery, department: str | None, region: str | None, active: bool | None
) -> Page[PersonOut]:
    """List the people whom the caller may see."""
    wanted: list[ColumnElement[bool]] = access.limits(session, "people:read")
    if department is not None:
        wanted.append(col(Person.department) == department)
    if region is not None:
        wanted.append(col(Person.region) == region)
    if active is not None:
        wanted.append(col(Person.active) == active)
    found: Page[Person] = page(
        session, select(Person).where(*wanted), paging, key=Person.employee_number, to=lambda row: row
    )
    return Page(items=out(session, found.items), next_cursor=found.next_cursor)


def snapshot(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
    """Return what is told of people with an id after `after`."""
    query = select(Person).order_by(Person.id).limit(limit)
    if after is not None:
        query = query.where(Person.id > after)
    return [event(person) for person in session.exec(query)]


def told(session: Session, people: Iterable[Person]) -> None:
    """Tell the state of people who changed."""
    tell(session, *(event(person) for person in people))


def event(person: Person) -> PersonChangedV1:
    """Return what is told of a person."""
    return PersonChangedV1(**person.model_dump(include=set(PersonChangedV1.model_fields)))


def out(session: Session, people: Sequence[Person]) -> list[PersonOut]:
    """Return people as clients see them: with their managers' employee numbers."""
    ids = {person.manager for person in people if person.manager is not None}
    numbers = (
        dict(session.exec(select(Person.id, Person.employee_number).where(col(Person.id).in_(ids))).all())
        if ids
        else {}
    )
    return [
        PersonOut.model_validate(
            {**person.model_dump(), "manager": numbers.get(person.manager) if person.manager else None}
        )
        for person in people
    ]


def manager_id(session: Session, employee_number: str | None, of: str | None) -> str | None:
    """Return the id of a manager; raises NotManaged for a stranger, or for a person who would manage themself."""
    if employee_number is None:
        return None
    found = session.exec(select(Person.id).where(Person.employee_number == employee_number)).first()
    if found is None or found == of:
        why = "nobody manages themself" if found else "no person has this employee number"
        raise NotManaged("The manager is not known.", errors=[FieldError(pointer="/manager", detail=why)])
    return found


def refuse_taken(session: Session, employee_number: str | None, user_name: str) -> None:
    """Raise PersonExists when another person has the employee number or the user name."""
    taken = session.exec(
        select(Person.employee_number).where(
            (col(Person.employee_number) == employee_number) | (col(Person.user_name) == user_name)
        )
    ).first()
    if taken is not None:
        raise PersonExists(f"{taken} has this employee number or user name.")
