"""People: who works here, and what the other services are told when that changes."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, cast, select
from sqlmodel import col

from services.training.domain import access, decisions, measures
from services.training.schemas.people import PersonIn, PersonOut, PersonPatch
from services.training.tables import Person, metadata
from shared.conditions import expect
from shared.db import Session
from shared.events.training import PersonChangedV1, PersonLeftV1
from shared.evidence import record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, cut
from shared.problems import Conflict, FieldError, Invalid, NotFound
from shared.rendered import RawJson, Rendered, rendered, rendered_page
from shared.statements import Prebuilt, Row, insert_into


class PersonExists(Conflict):
    """There is a person with this employee number or user name already."""


class NotManaged(Invalid):
    """The manager is not a person who is known here."""


SHOWN = tuple(PersonOut.model_fields)
TOLD = tuple(PersonChangedV1.model_fields)
TABLE = metadata.tables["people"]
ADD = insert_into(TABLE, *TABLE.c.keys())
ID = Prebuilt(select(TABLE.c.id).where(TABLE.c.employee_number == bindparam("employee_number")))
TAKEN = Prebuilt(
    select(TABLE.c.employee_number).where(
        (TABLE.c.employee_number == bindparam("employee_number")) | (TABLE.c.user_name == bindparam("user_name"))
    )
)


def create(session: Session, body: PersonIn) -> Rendered[PersonOut]:
    """Add a person; raises Forbidden, PersonExists or NotManaged."""
    access.refuse_department(session, body.department)
    refuse_taken(session, body.employee_number, body.user_name or body.email)
    values = {
        **dict(body),
        "id": new_id(),
        "user_name": body.user_name or body.email,
        "active": True,
        "left_at": None,
        "revision": 1,
    }
    manager = manager_id(session, body.manager, of=None)
    ADD.run(session, {**values, "manager": manager, "created_at": session.now})
    tell(session, PersonChangedV1.model_construct(**{name: {**values, "manager": manager}[name] for name in TOLD}))
    record(session, "person.created", f"person/{values['id']}", person=values["id"])
    return rendered(SHOWN, [values[name] for name in SHOWN])


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


def get(session: Session, employee_number: str) -> Rendered[PersonOut]:
    """Return a person; raises NotFound."""
    found = rows(session, {"employee_number": employee_number})
    if not found:
        raise NotFound(f"There is no person with the employee number {employee_number}.")
    return rendered(SHOWN, found[0])


def find(
    session: Session, paging: PageQuery, department: str | None, region: str | None, active: bool | None
) -> Rendered[Page[PersonOut]]:
    """List the people whom the caller may see."""
    given = {"department": department, "region": region, "active": active, "after": paging.after}
    asked = {name: value for name, value in given.items() if value is not None}
    found, next_cursor = cut(rows(session, asked, paging.limit + 1), paging.limit, SHOWN.index("employee_number"))
    return rendered_page(SHOWN, found, next_cursor)


def rows(session: Session, asked: dict[str, Any], most: int = 1) -> list[Row]:
    """Return whom the caller may see of those who are as `asked`, in the order of `SHOWN`."""
    limits = access.limits(session, "people:read")
    if not limits:
        return prebuilt(tuple(asked)).rows(session, **asked, most=most)
    limited = shown_if(tuple(asked)).where(*limits)
    return [tuple(row) for row in session.execute(limited, {**asked, "most": most})]


def shown_if(names: tuple[str, ...]) -> Select[Any]:
    """Return the query for people whose columns `names` have given values; `after` is an employee number."""
    manager = TABLE.alias("manager")
    columns: dict[str, Any] = {
        **TABLE.c,
        "manager": manager.c.employee_number,
        "languages": cast(TABLE.c.languages, RawJson),
    }
    query = select(*(columns[name].label(name) for name in SHOWN)).select_from(
        TABLE.outerjoin(manager, manager.c.id == TABLE.c.manager)
    )
    for name in names:
        query = query.where(
            TABLE.c.employee_number > bindparam("after") if name == "after" else TABLE.c[name] == bindparam(name)
        )
    return query.order_by(TABLE.c.employee_number).limit(bindparam("most", type_=Integer))


@cache
def prebuilt(names: tuple[str, ...]) -> Prebuilt:
    """Return the query of `shown_if` for callers who may see everyone."""
    return Prebuilt(shown_if(names))


def snapshot(session: Session, after: str | None, limit: int) -> list[PersonChangedV1]:
    """Return what is told of people with an id after `after`."""
    query = select(Person).order_by(col(Person.id)).limit(limit)
    if after is not None:
        query = query.where(col(Person.id) > after)
    return [event(person) for person in session.execute(query).scalars()]


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
        {
            row.id: row.employee_number
            for row in session.execute(select(TABLE.c.id, TABLE.c.employee_number).where(TABLE.c.id.in_(ids)))
        }
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
    row = ID.first(session, employee_number=employee_number)
    found: str | None = row[0] if row is not None else None
    if found is None or found == of:
        why = "nobody manages themself" if found else "no person has this employee number"
        raise NotManaged("The manager is not known.", errors=[FieldError(pointer="/manager", detail=why)])
    return found


def refuse_taken(session: Session, employee_number: str | None, user_name: str) -> None:
    """Raise PersonExists when another person has the employee number or the user name."""
    taken = TAKEN.first(session, employee_number=employee_number, user_name=user_name)
    if taken is not None:
        raise PersonExists(f"{taken[0]} has this employee number or user name.")
