"""Who works here, as clients read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, String, bindparam, cast, func, or_, select

from services.training.domain import access
from services.training.domain.access import NAMELESS
from services.training.schemas.people import PersonOut
from services.training.tables import NOT_MERGED, Person, metadata
from shared.db import Session
from shared.pages import Page, PageQuery, cut
from shared.problems import NotFound
from shared.rendered import RawJson, Rendered, rendered, rendered_page
from shared.statements import Prebuilt, Row

SHOWN = tuple(PersonOut.model_fields)
SEARCHED = ("name", "employee_number", "email", "department")
TABLE = metadata.tables["people"]
FORMER = metadata.tables["former_numbers"]
OLD = TABLE.alias("old")
NOW = Prebuilt(
    select(TABLE.c.employee_number)
    .join(FORMER, FORMER.c.person == TABLE.c.id)
    .where(FORMER.c.employee_number == bindparam("employee_number"))
    .union_all(
        select(TABLE.c.employee_number)
        .join(OLD, OLD.c.merged_into == TABLE.c.id)
        .where(OLD.c.employee_number == bindparam("employee_number"))
    )
)


def refuse_erased(person: Person) -> None:
    """Raise NotFound for an entry that stands for nobody any more: nothing is written into it."""
    if person.name == NAMELESS:
        raise NotFound("There is no such person any more: they were erased.")


def get(session: Session, employee_number: str) -> Rendered[PersonOut]:
    """Return a person, also by a number they had before; raises NotFound."""
    found = rows(session, {"employee_number": employee_number})
    if not found and (now := NOW.first(session, employee_number=employee_number)) is not None:
        found = rows(session, {"employee_number": now[0]})
    if not found:
        raise NotFound(f"There is no person with the employee number {employee_number}.")
    access.note_look(session, found[0][SHOWN.index("id")])
    return rendered(SHOWN, found[0])


@dataclass(frozen=True, slots=True)
class Filter:
    """Which people a list shows."""

    q: str | None = None
    department: str | None = None
    region: str | None = None
    active: bool | None = None
    numbers: Sequence[str] | None = None

    def given(self) -> dict[str, Any]:
        """Return what was asked for, as the query takes it."""
        searched = None if self.q is None else pattern_of(self.q)
        given = {name: getattr(self, name) for name in self.__slots__} | {"q": searched}
        return {name: value for name, value in given.items() if value is not None}


def find(session: Session, paging: PageQuery, only: Filter) -> Rendered[Page[PersonOut]]:
    """List the people whom the caller may see."""
    asked = only.given()
    if paging.after is not None:
        asked["after"] = paging.after
    found, next_cursor = cut(rows(session, asked, paging.limit + 1), paging.limit, SHOWN.index("employee_number"))
    return rendered_page(SHOWN, found, next_cursor)


def pattern_of(q: str) -> str:
    """Return what LIKE finds a part of a name by.

    SQLite knows small and capital letters of ASCII only, so that any letter stands for another that has both.
    """
    escaped = q.strip().lower().replace("/", "//").replace("%", "/%").replace("_", "/_")
    letters = ("_" if not each.isascii() and each != each.upper() else each for each in escaped)
    return f"%{''.join(letters)}%"


def rows(session: Session, asked: dict[str, Any], most: int = 1) -> list[Row]:
    """Return whom the caller may see of those who are as `asked`, in the order of `SHOWN`."""
    limits = access.limits(session, "people:read")
    if not limits and "numbers" not in asked:
        return prebuilt(tuple(asked)).rows(session, **asked, most=most)
    limited = shown_if(tuple(asked)).where(*limits)
    return [tuple(row) for row in session.execute(limited, {**asked, "most": most})]


def shown_if(names: tuple[str, ...]) -> Select[Any]:
    """Return the query for people whose columns `names` have given values; `after` is an employee number, `numbers` are some, `q` is a pattern."""
    manager = TABLE.alias("manager")
    columns: dict[str, Any] = {
        **TABLE.c,
        "manager": manager.c.employee_number,
        "languages": cast(TABLE.c.languages, RawJson),
    }
    query = select(*(columns[name].label(name) for name in SHOWN)).select_from(
        TABLE.outerjoin(manager, manager.c.id == TABLE.c.manager)
    )
    query = query.where(NOT_MERGED, TABLE.c.name != NAMELESS)
    for name in names:
        if name == "after":
            query = query.where(TABLE.c.employee_number > bindparam("after"))
        elif name == "numbers":
            query = query.where(TABLE.c.employee_number.in_(bindparam("numbers", expanding=True)))
        elif name == "q":
            pattern = bindparam("q", type_=String)
            query = query.where(or_(*(func.lower(TABLE.c[each]).like(pattern, escape="/") for each in SEARCHED)))
        else:
            query = query.where(TABLE.c[name] == bindparam(name))
    return query.order_by(TABLE.c.employee_number).limit(bindparam("most", type_=Integer))


@cache
def prebuilt(names: tuple[str, ...]) -> Prebuilt:
    """Return the query of `shown_if` for callers who may see everyone."""
    return Prebuilt(shown_if(names))


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
