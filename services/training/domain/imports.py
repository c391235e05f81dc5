"""People by CSV: every row is judged and reported, the good ones are applied in chunks that let other writes through.

Columns: employee_number, name, email, department, region, manager (an employee number), languages (split by `;`) and,
if wished, user_name. Managers may stand anywhere in the file; they are applied before those they manage.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import insert, update
from sqlmodel import col, select

from services.training.domain import access, decisions, people
from services.training.schemas.people import ImportedRow, ImportOut, PersonIn
from services.training.tables import Person
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.problems import Invalid
from shared.schemas import EmployeeNumber

REQUIRED = ("employee_number", "name", "email", "department", "region", "manager", "languages")
OPTIONAL = ("user_name",)
CHUNK = 250
MOST = 100_000
SURPLUS = "surplus"


class NumberedPersonIn(PersonIn):
    """A person in a file: with an employee number."""

    employee_number: EmployeeNumber


class NotACsv(Invalid):
    """The body is not a CSV file with the columns of people."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file that reads as a person."""

    number: int
    person: PersonIn

    @property
    def user_name(self) -> str:
        """The user name given, or the e-mail."""
        return self.person.user_name or self.person.email

    @property
    def employee_number(self) -> str:
        """The employee number, without which no row is read."""
        return str(self.person.employee_number)


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows to apply, managers first, and those that were refused with the reason."""

    good: list[Row]
    refused: list[ImportedRow]

    def chunks(self) -> Iterator[list[Row]]:
        """Split what is to be applied."""
        for start in range(0, len(self.good), CHUNK):
            yield self.good[start : start + CHUNK]


def read(body: bytes) -> tuple[list[Row], list[ImportedRow]]:
    """Read a file by itself: rows that are people, and rows refused for what stands in them; raises NotACsv."""
    try:
        text = body.decode("utf-8-sig")
        lines = csv.DictReader(io.StringIO(text, newline=""), restkey=SURPLUS, strict=True)
        check_header(lines.fieldnames or [])
        raw = list(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotACsv(f"This is not a CSV file in UTF-8: {error}.") from None
    if len(raw) > MOST:
        raise NotACsv(f"The file has {len(raw)} rows; send at most {MOST} at a time.")
    rows: list[Row] = []
    refused: list[ImportedRow] = []
    for number, cells in enumerate(raw, start=1):
        try:
            rows.append(Row(number, to_person(cells)))
        except ValidationError as error:
            what = "; ".join(
                f"{item['loc'][0]}: {item['msg']}" if item["loc"] else item["msg"] for item in error.errors()
            )
            refused.append(refusal(number, str(cells.get("employee_number") or ""), what))
    return rows, refused


def check_header(names: Sequence[str]) -> None:
    """Raise NotACsv for missing, unknown or doubled columns."""
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in REQUIRED + OPTIONAL]
    if missing or unknown or len(set(names)) < len(names):
        raise NotACsv(
            f"The first line must name the columns {', '.join(REQUIRED)}. Missing: {missing}, unknown: {unknown}."
        )


def to_person(cells: dict[str, str | None]) -> PersonIn:
    """Read one row, of which `SURPLUS` holds the cells that have no column; raises ValidationError."""
    named = {name: (value or "").strip() or None for name, value in cells.items() if name != SURPLUS}
    languages = [language.strip() for language in (named.pop("languages", None) or "").split(";") if language.strip()]
    surplus = {SURPLUS: cells[SURPLUS]} if SURPLUS in cells else {}
    return NumberedPersonIn.model_validate({**named, "languages": languages, **surplus})


def plan(session: Session, rows: list[Row], refused: list[ImportedRow]) -> Plan:
    """Compare a file with itself and with who is known: refuse duplicates, taken names and unknown managers."""
    everyone = session.exec(select(Person.employee_number, Person.user_name, Person.department)).all()
    departments = {number: department for number, _, department in everyone}
    owner = {user_name: number for number, user_name, _ in everyone}
    first: dict[str, int] = {}
    good: list[Row] = []
    refused = list(refused)
    for row in rows:
        number = row.employee_number
        touched = {row.person.department, departments.get(number, row.person.department)}
        if number in first:
            refused.append(refusal(row.number, number, f"employee_number: row {first[number]} has it already"))
        elif owner.get(row.user_name, number) != number:
            refused.append(refusal(row.number, number, f"user_name: {owner[row.user_name]} has it already"))
        elif not all(access.within_limits(session, department) for department in touched):
            refused.append(refusal(row.number, number, "department: not one that this key may write"))
        else:
            first[number] = row.number
            owner[row.user_name] = number
            good.append(row)
    ordered, strays = managers_first(good, set(departments))
    refused += [
        refusal(row.number, row.employee_number, f"manager: {row.person.manager} is not known") for row in strays
    ]
    return Plan(ordered, sorted(refused, key=lambda row: row.row))


def managers_first(rows: list[Row], known: set[str]) -> tuple[list[Row], list[Row]]:
    """Order rows so that each comes after its manager's; also returns those whose manager never comes, or who form a circle."""
    reports: dict[str, list[Row]] = {}
    ordered: list[Row] = []
    numbers = {row.employee_number for row in rows}
    for row in rows:
        manager = row.person.manager
        if manager is None or (manager in known and manager not in numbers):
            ordered.append(row)
        else:
            reports.setdefault(manager, []).append(row)
    for row in ordered:  # grows while it is walked: each row brings those who report to it
        ordered += reports.pop(row.employee_number, [])
    return ordered, [row for stray in reports.values() for row in stray]


def compare(session: Session, rows: list[Row]) -> list[ImportedRow]:
    """Say what applying rows would do."""
    present = load(session, rows, lock=False)
    numbers = numbers_of(session, present)
    return [outcome(row, present.get(row.employee_number), numbers) for row in rows]


def apply(session: Session, rows: list[Row]) -> list[ImportedRow]:
    """Apply one chunk and tell of those who are new or changed; refuse what others have taken since the plan."""
    rows, refused = still_good(session, rows)
    present = load(session, rows, lock=True)
    numbers = numbers_of(session, present)
    ids = ids_of(session, {row.person.manager for row in rows if row.person.manager})
    outcomes = [outcome(row, present.get(row.employee_number), numbers) for row in rows]
    changed: list[Person] = []
    moved: list[str] = []
    new: list[Person] = []
    for row, what in zip(rows, outcomes, strict=True):
        person = present.get(row.employee_number)
        if person is None:
            person = Person.model_validate(
                {"id": new_id(), "created_at": session.now, "active": True, **values(row, ids)}
            )
            new.append(person)
        elif what.outcome == "updated":
            moved += [person.id] if person.department != row.person.department else []
            person = Person.model_validate({**person.model_dump(), **values(row, ids), "revision": person.revision + 1})
            changed.append(person)
        ids[person.employee_number] = person.id
    write(session, new, changed)
    people.told(session, [*new, *changed])
    decisions.decide(session, dict.fromkeys(moved, session.now))
    if new or changed:
        text = "\n".join(row.person.model_dump_json() for row in rows)
        record(session, "people.imported", f"import/{new_id()}", content_hash=digest_of(text))
    return [*outcomes, *refused]


def still_good(session: Session, rows: list[Row]) -> tuple[list[Row], list[ImportedRow]]:
    """Part the rows that can be applied now from those whose user name or manager is not free or known any more."""
    names = col(Person.user_name).in_([row.user_name for row in rows])
    owner = dict(session.exec(select(Person.user_name, Person.employee_number).where(names)).all())
    known = set(ids_of(session, {row.person.manager for row in rows if row.person.manager}))
    good: list[Row] = []
    refused: list[ImportedRow] = []
    for row in rows:
        number, manager = row.employee_number, row.person.manager
        if owner.get(row.user_name, number) != number:
            refused.append(refusal(row.number, number, f"user_name: {owner[row.user_name]} has it already"))
        elif manager is not None and manager not in known:
            refused.append(refusal(row.number, number, f"manager: {manager} is not known"))
        else:
            good.append(row)
            known.add(number)
    return good, refused


def write(session: Session, new: list[Person], changed: list[Person]) -> None:
    """Write rows in bulk."""
    table = Person.__table__  # type: ignore[attr-defined]
    for person in (*new, *changed):
        person.changed_at = session.now
    if new:
        session.execute(insert(table), [person.model_dump() for person in new])
    for person in changed:
        session.execute(update(table).where(table.c.id == person.id).values(person.model_dump(exclude={"id"})))


def load(session: Session, rows: list[Row], *, lock: bool) -> dict[str, Person]:
    """Return those of a chunk who are known already, apart from the session; locked, to be changed."""
    wanted = [row.employee_number for row in rows]
    known = select(Person).where(col(Person.employee_number).in_(wanted)).order_by(Person.id)
    found = session.exec(known.with_for_update() if lock else known).all()
    session.expunge_all()
    return {person.employee_number: person for person in found}


def numbers_of(session: Session, present: dict[str, Person]) -> dict[str, str]:
    """Return the employee numbers of the managers of people who are known."""
    ids = {person.manager for person in present.values() if person.manager}
    return dict(session.exec(select(Person.id, Person.employee_number).where(col(Person.id).in_(ids))).all())


def ids_of(session: Session, numbers: set[str]) -> dict[str, str]:
    """Return the ids of people by employee number."""
    return dict(
        session.exec(select(Person.employee_number, Person.id).where(col(Person.employee_number).in_(numbers))).all()
    )


def values(row: Row, ids: dict[str, str]) -> dict[str, object]:
    """Return the columns that a row sets."""
    given = row.person.model_dump(exclude={"manager"})
    return {**given, "user_name": row.user_name, "manager": ids[row.person.manager] if row.person.manager else None}


def outcome(row: Row, person: Person | None, numbers: dict[str, str]) -> ImportedRow:
    """Say what a row does to a person."""
    number = row.employee_number
    if person is None:
        return ImportedRow(row=row.number, employee_number=number, outcome="created")
    before = {
        **person.model_dump(include=set(PersonIn.model_fields)),
        "manager": numbers.get(person.manager) if person.manager else None,
    }
    after = {**row.person.model_dump(), "user_name": row.user_name}
    fields = sorted(name for name, value in after.items() if before[name] != value)
    return ImportedRow(
        row=row.number,
        employee_number=number,
        outcome="updated" if fields else "unchanged",
        detail=", ".join(fields) or None,
    )


def refusal(number: int, employee_number: str, why: str) -> ImportedRow:
    """Say why a row is not applied."""
    return ImportedRow(row=number, employee_number=employee_number[:64], outcome="rejected", detail=why)


def report(rows: list[ImportedRow], *, dry_run: bool) -> ImportOut:
    """Return the report of an import in the order of the file."""
    rows = sorted(rows, key=lambda row: row.row)
    counts = {
        name: sum(row.outcome == name for row in rows) for name in ("created", "updated", "unchanged", "rejected")
    }
    return ImportOut(dry_run=dry_run, rows=rows, **counts)


def finish(session: Session, done: ImportOut) -> ImportOut:
    """Close an import, so that its report is what a repeated request gets."""
    record(session, "people.import_finished", f"import/{new_id()}", content_hash=digest_of(done))
    return done
