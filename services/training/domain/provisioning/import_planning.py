"""The order in which rows are applied, each after its manager's, and which can never be: strangers and circles.

A row is ready when its manager is somebody who is known and not in the file, or a row that is ready. It is found chunk
by chunk in the database, so a file of any length takes no more memory than one chunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, update
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.domain.provisioning import hierarchy, import_guard
from services.training.domain.provisioning.import_weighing import ids_of
from services.training.tables import ImportState, PeopleImport, PeopleImportRow, RowState, metadata
from shared.db import Session
from shared.evidence import record
from shared.statements import Prebuilt

HANDFUL = 2
"""Rows are planned in chunks of so many times those that are applied at once: it takes less."""
ROWS = metadata.tables["people_import_rows"]
PLACE = Prebuilt(
    update(ROWS)
    .where(ROWS.c.serial == bindparam("of"), ROWS.c.number == bindparam("row"))
    .values(place=bindparam("place"), state=RowState.READY)
)
REJECT = Prebuilt(
    update(ROWS)
    .where(ROWS.c.serial == bindparam("of"), ROWS.c.number == bindparam("row"))
    .values(state=RowState.REJECTED, outcome="rejected", detail=bindparam("why"), data=None)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that waits for its manager's."""

    number: int
    employee_number: str | None
    manager: str
    moves: bool


def step(session: Session, row: PeopleImport, most: int) -> bool:
    """Plan the next chunk of about `most` rows; after the last, say whether the file is applied. Return False when others go first."""
    return {"roots": roots, "order": order, "strays": strays}[row.phase](session, row, most * HANDFUL)


def roots(session: Session, row: PeopleImport, most: int) -> bool:
    """Judge the rows whose manager is not one of the file's good rows."""
    chunk = some(session, row, col(PeopleImportRow.number) > row.cursor, most=most, first=True)
    if not chunk:
        row.phase, row.cursor = "order", 0
        return True
    managers = {str(one.manager) for one in chunk}
    in_file = set(
        session.exec(
            select(PeopleImportRow.employee_number).where(
                of(row),
                col(PeopleImportRow.employee_number).in_(managers),
                PeopleImportRow.state != RowState.REJECTED,
            )
        )
    )
    known = ids_of(session, managers - in_file)
    place(session, row, [one for one in chunk if one.manager in known])
    strangers = [one for one in chunk if one.manager not in known and one.manager not in in_file]
    reject(session, row, strangers, "manager: {} is not known")
    row.cursor = chunk[-1].number
    return True


def order(session: Session, row: PeopleImport, most: int) -> bool:
    """Make ready the rows whose managers are: walks along the places, which grow meanwhile."""
    query = (
        select(PeopleImportRow.employee_number)
        .where(of(row), col(PeopleImportRow.place) > row.cursor)
        .order_by(col(PeopleImportRow.place))
        .limit(most)
    )
    numbers = session.exec(query).all()
    if not numbers:
        row.phase, row.cursor = "strays", 0
        return True
    managers = [number for number in numbers if number]
    chunk = some(session, row, col(PeopleImportRow.manager).in_(managers), most=most + 1)
    place(session, row, chunk[:most])
    if len(chunk) <= most:
        row.cursor += len(numbers)
    return True


def strays(session: Session, row: PeopleImport, most: int) -> bool:
    """Refuse the rows whose managers never come, or who manage one another in a circle; then say what follows."""
    chunk = some(session, row, most=most)
    if chunk:
        reject(session, row, chunk, "manager: {} is refused, or reports to this person")
        return True
    bad = session.exec(
        select(PeopleImportRow.number).where(of(row), PeopleImportRow.state == RowState.REJECTED).limit(1)
    ).first()
    refused = row.all_or_nothing and bad is not None
    if row.dry_run or refused:
        row.state = ImportState.REFUSED if refused else ImportState.DONE
        row.finished_at = session.now
        record(session, f"people.import_{'refused' if refused else 'tried'}", f"import/{row.id}")
        return True
    if import_guard.must_wait(session, row):
        return False
    row.state, row.phase, row.cursor = ImportState.APPLYING, "apply", 0
    return True


def some(
    session: Session, row: PeopleImport, *conditions: ColumnElement[bool], most: int, first: bool = False
) -> Sequence[Waiting]:
    """Return some of the rows that wait for their managers, in the order of the file.

    Which ones does not matter unless the `first` are asked for: for them, SQLite would read the file from its beginning each time.
    """
    columns = (ROWS.c[name] for name in ("number", "employee_number", "manager", "moves"))
    query = core_select(*columns).where(of(row), col(PeopleImportRow.state) == RowState.WAITING, *conditions)
    if first:
        query = query.order_by(ROWS.c.number)
    found = session.execute(query.limit(most))
    return sorted((Waiting(*one) for one in found), key=lambda one: one.number)


def place(session: Session, row: PeopleImport, chunk: Sequence[Waiting]) -> None:
    """Give rows the next places, but for those that would close a circle with people who are not in the file."""
    circles = closing(session, row.serial, [one for one in chunk if one.moves])
    reject(session, row, circles, "manager: {} reports to this person")
    good = [one for one in chunk if one not in circles]
    if good:
        values = [{"of": row.serial, "row": one.number, "place": row.placed + at} for at, one in enumerate(good, 1)]
        PLACE.run(session, *values)
        row.placed += len(good)


def closing(session: Session, serial: int, moving: Sequence[Waiting]) -> list[Waiting]:
    """Return the rows whose manager would stand below them once the file is applied."""
    above = {
        manager: hierarchy.chain_with_file(session, serial, manager) for manager in {one.manager for one in moving}
    }
    return [one for one in moving if one.employee_number in above[one.manager]]


def reject(session: Session, row: PeopleImport, chunk: Sequence[Waiting], why: str) -> None:
    """Refuse rows."""
    if chunk:
        REJECT.run(session, *({"of": row.serial, "row": one.number, "why": why.format(one.manager)} for one in chunk))


def of(row: PeopleImport) -> ColumnElement[bool]:
    """Return the condition that a row is of this import."""
    return col(PeopleImportRow.serial) == row.serial
