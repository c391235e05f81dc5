"""What rows of a file do to the people who are known: who is meant, what changes, what a stronger source keeps.

It is asked twice, for many rows at once: when a file has come, to say what would happen, and when rows are applied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.access import NAMELESS
from services.training.domain.provisioning import authority
from services.training.domain.provisioning.authority import Judged
from services.training.domain.provisioning.identities import may_be_renumbered
from services.training.schemas.imports import Outcome
from services.training.tables import FormerNumber, Person, PersonSource, Source
from shared.db import Session


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file that reads as a person."""

    number: int
    said: dict[str, Any]

    @property
    def employee_number(self) -> str | None:
        """The employee number, where the row has one."""
        return self.said.get("employee_number")

    @property
    def user_name(self) -> str:
        """The user name that the row gives somebody new: the e-mail, unless it says another."""
        return str(self.said.get("user_name") or self.said["email"])

    @property
    def name(self) -> str:
        """What to call the row in a report."""
        return self.employee_number or self.user_name


@dataclass(slots=True)
class Verdict:
    """What a row does: to whom (None: somebody new), what may change, and what files wrote of them before."""

    line: Line
    outcome: Outcome
    detail: str | None
    person: Person | None = None
    judged: Judged = field(default_factory=Judged)
    wrote: frozenset[str] = frozenset()


@dataclass(slots=True)
class Crowd:
    """The people whom rows could mean, and what was written of them."""

    by_number: dict[str, Person]
    by_user_name: dict[str, Person]
    by_email: dict[str, Person | None]
    owners: dict[str, str]
    written: dict[str, dict[Source, frozenset[str]]]
    order: dict[str, tuple[Source, ...]]

    def who(self, line: Line) -> tuple[Person | None, str | None]:
        """Return whom a row means, as `identities.match` would, or why it cannot be said."""
        number = line.employee_number
        found = self.by_number.get(number) if number is not None else None
        if found is not None:
            return found, None
        named = self.by_user_name.get(line.user_name.lower())
        mailed = self.by_email.get(line.said["email"].lower())
        if number is None:
            return named or mailed, None
        if named is not None and not may_be_renumbered(named):
            return None, f"user_name: {named.employee_number} has it already"
        found = named or (mailed if mailed is not None and may_be_renumbered(mailed) else None)
        if found is not None and not found.active and found.name.casefold() != line.said["name"].casefold():
            return None, f"user_name: {found.employee_number}, who left, has it and another name"
        return found, None


def weigh(session: Session, lines: Sequence[Line], managers: dict[str, str], *, lock: bool = False) -> list[Verdict]:
    """Say what each row does; `managers` are ids by employee number, as far as they are known."""
    crowd = gather(session, lines, lock=lock)
    return [verdict(session, crowd, line, managers) for line in lines]


def verdict(session: Session, crowd: Crowd, line: Line, managers: dict[str, str]) -> Verdict:
    """Say what one row does."""
    person, why = crowd.who(line)
    if why is not None:
        return rejected(line, why)
    if person is not None and person.name == NAMELESS:
        return rejected(line, "employee_number: there is no such person any more")
    said = line.said
    department = person.department if person is not None else said["department"]
    if not all(access.within_limits(session, one) for one in (department, said["department"])):
        return rejected(line, "department: not one that this key may write")
    owner = crowd.owners.get(said.get("user_name") or (line.user_name if person is None else ""))
    if owner is not None and (person is None or owner != person.employee_number):
        return rejected(line, f"user_name: {owner} has it already")
    if person is None:
        return Verdict(line, "created", None)
    attributes = {**said}
    if not person.active and line.employee_number not in {None, person.employee_number}:
        attributes.setdefault("active", True)
    if said.get("manager") is not None:
        attributes["manager"] = managers.get(said["manager"], said["manager"])
    written = crowd.written.get(person.id, {})
    judged = authority.weigh(person, Source.CSV, attributes, crowd.order, written)
    judged.said &= said.keys()
    outcome: Outcome = "updated" if judged.changes else "unchanged"
    return Verdict(line, outcome, detail_of(person, judged), person, judged, written.get(Source.CSV, frozenset()))


def detail_of(person: Person, judged: Judged) -> str | None:
    """Name what changes, and what does not although the row says so."""
    kept = [f"{name} ({authority.owned_by(owner)})" for name, owner in sorted(judged.refused.items())]
    parts = [
        ", ".join(sorted(judged.changes)),
        f"not changed: {', '.join(kept)}" if kept else "",
        "left: say active to bring them back"
        if not person.active and not {"active"} & (judged.said | judged.changes.keys())
        else "",
    ]
    return "; ".join(part for part in parts if part) or None


def rejected(line: Line, why: str) -> Verdict:
    """Say why a row is not applied."""
    return Verdict(line, "rejected", why)


def gather(session: Session, lines: Sequence[Line], *, lock: bool) -> Crowd:
    """Read whom rows could mean, in a few queries for all; locked where they are to be changed."""
    by_number = numbered(session, {line.employee_number for line in lines if line.employee_number}, lock=lock)
    rest = [line for line in lines if line.employee_number not in by_number]
    names = {line.user_name.lower() for line in rest}
    mails = {line.said["email"].lower() for line in rest}
    by_user_name = {
        person.user_name.lower(): person
        for person in read(session, func.lower(col(Person.user_name)), names, lock=lock)
    }
    by_email: dict[str, Person | None] = {}
    for person in read(session, func.lower(col(Person.email)), mails, lock=lock):
        by_email[person.email.lower()] = None if person.email.lower() in by_email else person
    found = {person.id: person for crowd in (by_number, by_user_name, by_email) for person in crowd.values() if person}
    asked = {line.said.get("user_name") or line.user_name for line in lines}
    owners = dict(
        session.exec(select(Person.user_name, Person.employee_number).where(col(Person.user_name).in_(asked))).all()
    )
    written: dict[str, dict[Source, frozenset[str]]] = {}
    for row in session.exec(select(PersonSource).where(col(PersonSource.person).in_(found))):
        written.setdefault(row.person, {})[Source(row.source)] = frozenset(row.attributes)
    return Crowd(by_number, by_user_name, by_email, owners, written, authority.order(session))


def numbered(session: Session, numbers: set[str], *, lock: bool) -> dict[str, Person]:
    """Return people by the employee numbers that they have, or had."""
    found = {
        person.employee_number: person for person in read(session, col(Person.employee_number), numbers, lock=lock)
    }
    if missing := numbers - found.keys():
        former = select(FormerNumber.employee_number, Person).join(Person, col(Person.id) == col(FormerNumber.person))
        found |= dict(session.exec(former.where(col(FormerNumber.employee_number).in_(missing))).all())
    return found


def read(session: Session, column: Any, values: Iterable[str], *, lock: bool) -> list[Person]:
    """Return the people who have one of the values in a column; locked in one order, against deadlocks."""
    wanted = sorted(values)
    if not wanted:
        return []
    query = select(Person).where(column.in_(wanted)).order_by(Person.id)
    return list(session.exec(query.with_for_update() if lock else query))


def ids_of(session: Session, numbers: set[str]) -> dict[str, str]:
    """Return the ids of people by the employee numbers that they have, or had."""
    if not numbers:
        return {}
    found = dict(
        session.exec(select(Person.employee_number, Person.id).where(col(Person.employee_number).in_(numbers))).all()
    )
    if missing := numbers - found.keys():
        former = select(FormerNumber.employee_number, FormerNumber.person)
        found |= dict(session.exec(former.where(col(FormerNumber.employee_number).in_(missing))).all())
    return found
