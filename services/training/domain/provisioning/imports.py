"""People by CSV: a file is staged row by row, planned as a whole, and applied in chunks that let other writes through.

Each step is one unit of work under the lock of the import's row, and says in it how far the import is. So any process
can go on where another stopped, and no chunk is applied twice, whoever drives it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

import orjson
from sqlalchemy import delete, func
from sqlmodel import col, select

from services.training.domain.provisioning import import_applying, import_planning, import_reports
from services.training.domain.provisioning.csv_files import CsvFile
from services.training.domain.provisioning.import_columns import Columns
from services.training.domain.provisioning.import_files import CHUNK, PIECES, Read
from services.training.domain.provisioning.import_weighing import Line, Verdict, ids_of, weigh
from services.training.schemas.imports import ImportJobOut
from services.training.tables import ImportState, PeopleImport, PeopleImportRow, RowState, metadata
from shared.context import Principal
from shared.db import Session, insert
from shared.statements import insert_into
from shared.tables import counters

AT_ONCE = 5_000
"""Rows up to which a request waits for its import to end."""
STAGING = "stage"
"""The first phase of a large file, whose rows the worker reads from the pieces that are kept."""
LEFT = timedelta(seconds=30)
"""How long nothing moves before the worker goes on with what a request began."""
ABANDONED = timedelta(hours=1)
"""How long a file may take to come."""
COUNTER = "people_imports"
UNFINISHED = (ImportState.PLANNING, ImportState.APPLYING)
STAGE = insert_into(
    metadata.tables["people_import_rows"],
    *("serial", "number", "state", "place", "employee_number", "user_name", "manager", "moves"),
    *("data", "outcome", "detail"),
)


class Step(Enum):
    """What comes after a piece of an import: the next one, a pause because another import goes first, or nothing."""

    ON = 1
    WAIT = 2
    OVER = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be taken."""

    dry_run: bool
    all_or_nothing: bool


def begin(session: Session, file: CsvFile, columns: Columns, asked: Asked) -> PeopleImport:
    """Note that a file is coming."""
    counter = insert(session, counters).values(name=COUNTER, value=1)
    taken = counter.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    row = PeopleImport(
        serial=session.execute(taken.returning(counters.c.value)).scalar_one(),
        total=file.count,
        dry_run=asked.dry_run,
        all_or_nothing=asked.all_or_nothing,
        background=file.count > AT_ONCE,
        requested_by=session.context.caller.id if session.context.caller else None,
        caller=caller_of(session),
        encoding=file.encoding.removesuffix("-sig"),
        delimiter=file.delimiter,
        columns=columns.attributes,
        ignored_columns=columns.ignored,
        created_at=session.now,
        changed_at=session.now,
    )
    session.add(row)
    session.flush()
    session.expunge(row)
    return row


def caller_of(session: Session) -> dict[str, Any] | None:
    """Return who asks, as far as what they may write depends on it."""
    caller = session.context.caller
    if caller is None:
        return None
    departments = sorted(caller.departments) if caller.departments is not None else None
    return {"id": caller.id, "person": caller.person, "departments": departments}


def principal_of(row: PeopleImport) -> Principal | None:
    """Return for whom the rest of an import is done."""
    if row.caller is None:
        return None
    departments = row.caller["departments"]
    limited = frozenset(departments) if departments is not None else None
    return Principal(id=row.caller["id"], person=row.caller["person"], departments=limited)


def stage(session: Session, serial: int, chunk: Sequence[Read]) -> None:
    """Keep a chunk of rows with what each would do; rows that name somebody for a second time are refused."""
    lines = [row.line for row in chunk if row.line is not None]
    managers = ids_of(session, {line.said["manager"] for line in lines if line.said.get("manager")})
    verdicts = {verdict.line.number: verdict for verdict in weigh(session, lines, managers)}
    claimed = Claims(session, serial, lines)
    place = taken(session, serial)
    rows = []
    for row in chunk:
        staged = staged_row(serial, row, verdicts.get(row.number), claimed.refuse)
        if staged["state"] == RowState.READY:
            place += 1
            staged["place"] = place
        rows.append(staged)
    STAGE.run(session, *rows)


def taken(session: Session, serial: int) -> int:
    """Return the last place in the order of application that is taken."""
    last = select(func.max(PeopleImportRow.place)).where(PeopleImportRow.serial == serial)
    return session.exec(last).one() or 0


class Claims:
    """Which employee numbers and user names the good rows of a file have taken, by the row that did."""

    def __init__(self, session: Session, serial: int, lines: Sequence[Line]) -> None:
        self._numbers: dict[str | None, int] = {}
        self._names: dict[str | None, str] = {}
        good = select(PeopleImportRow.number, PeopleImportRow.employee_number, PeopleImportRow.user_name).where(
            PeopleImportRow.serial == serial, PeopleImportRow.state != RowState.REJECTED
        )
        numbers = [line.employee_number for line in lines if line.employee_number is not None]
        # One question for each: for either of two columns, SQLite reads the whole file, with every chunk.
        for earlier in (
            good.where(col(PeopleImportRow.employee_number).in_(numbers)),
            good.where(col(PeopleImportRow.user_name).in_([line.user_name for line in lines])),
        ):
            for number, employee_number, user_name in session.exec(earlier):
                self._numbers[employee_number] = number
                self._names[user_name] = employee_number or f"row {number}"

    def refuse(self, line: Line) -> str | None:
        """Take what a row names; return why it cannot be taken."""
        if line.employee_number is not None and line.employee_number in self._numbers:
            return f"employee_number: row {self._numbers[line.employee_number]} has it already"
        if line.user_name in self._names:
            return f"user_name: {self._names[line.user_name]} has it already"
        self._numbers[line.employee_number] = line.number
        self._names[line.user_name] = line.name
        return None


def staged_row(serial: int, row: Read, verdict: Verdict | None, refuse: Callable[[Line], str | None]) -> dict[str, Any]:
    """Return a row as it is kept."""
    why = row.refused
    if verdict is not None:
        why = verdict.detail if verdict.outcome == "rejected" else refuse(verdict.line)
    if verdict is None or why is not None:
        name = verdict.line.name if verdict is not None else next(iter(row.cells), "")
        refused = {"state": RowState.REJECTED, "outcome": "rejected", "detail": why, "moves": False}
        return {"serial": serial, "number": row.number, "employee_number": name[:64], **refused}
    manager = verdict.line.said.get("manager")
    return {
        "serial": serial,
        "number": row.number,
        "state": RowState.WAITING if manager is not None else RowState.READY,
        "employee_number": verdict.line.employee_number,
        "user_name": verdict.line.user_name,
        "manager": manager,
        "moves": "manager" in verdict.judged.changes,
        "data": orjson.dumps(verdict.line.said).decode(),
        "outcome": verdict.outcome,
        "detail": verdict.detail,
    }


def received(session: Session, import_id: str) -> ImportJobOut:
    """Note that a file is there whole; from now on the import goes to its end by itself.

    The rows of a small one are staged already, those of a large one are not.
    """
    row = session.get_one(PeopleImport, import_id)
    row.state, row.changed_at = ImportState.PLANNING, session.now
    if row.background:
        row.phase = STAGING
    else:
        row.placed = taken(session, row.serial)
    session.flush()
    return import_reports.out(session, row)


def stage_next(session: Session, import_id: str, chunk: Sequence[Read]) -> bool:
    """Stage the next rows of a large file; return False, and do nothing, where another process has gone on with it."""
    row = locked(session, import_id)
    if row.phase != STAGING or row.state not in UNFINISHED or chunk[0].number != row.cursor + 1:
        return False
    stage(session, row.serial, chunk)
    row.cursor, row.changed_at = chunk[-1].number, session.now
    return True


def staged(session: Session, import_id: str) -> None:
    """Note that all rows of a large file are staged; they are planned next."""
    row = locked(session, import_id)
    if row.phase == STAGING and row.state in UNFINISHED:
        row.phase, row.cursor, row.placed = "roots", 0, taken(session, row.serial)


def locked(session: Session, import_id: str) -> PeopleImport:
    """Return an import as it is now, which nobody else changes until the commit."""
    query = select(PeopleImport).where(PeopleImport.id == import_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def step(session: Session, import_id: str, most: int = CHUNK) -> Step:
    """Do the next piece of an import, on about `most` rows."""
    row = locked(session, import_id)
    if row.state not in UNFINISHED:
        return Step.OVER
    if row.phase == STAGING:
        return Step.WAIT
    row.changed_at = session.now
    progressed = (import_planning if row.state == ImportState.PLANNING else import_applying).step(session, row, most)
    session.add(row)
    if row.state not in UNFINISHED:
        return Step.OVER
    return Step.ON if progressed else Step.WAIT


def fail(session: Session, import_id: str, why: str) -> None:
    """End an import that cannot go on; what was applied stays, and its rows say what that is."""
    row = session.get_one(PeopleImport, import_id)
    row.state, row.detail, row.finished_at = ImportState.FAILED, why, session.now
    session.execute(delete(PIECES).where(PIECES.c.serial == row.serial))


def waiting(session: Session) -> PeopleImport | None:
    """Return the import that a worker goes on with: the oldest large one, or one that its request has left behind."""
    left = col(PeopleImport.background) | (col(PeopleImport.changed_at) < session.now - LEFT)
    query = select(PeopleImport).where(col(PeopleImport.state).in_(UNFINISHED), left).order_by(col(PeopleImport.serial))
    row = session.exec(query.limit(1)).first()
    if row is not None:
        session.expunge(row)
    return row


def forget_old(session: Session) -> None:
    """Drop the rows of imports that ended a week ago, and what a broken upload left behind."""
    week = session.now - timedelta(days=7)
    old = select(PeopleImport).where(
        (col(PeopleImport.finished_at) < week)
        | (
            (col(PeopleImport.state) == ImportState.RECEIVING)
            & (col(PeopleImport.changed_at) < session.now - ABANDONED)
        )
    )
    for row in session.exec(old.limit(5)).all():
        rows = select(PeopleImportRow.number).where(PeopleImportRow.serial == row.serial).limit(2000)
        numbers = list(session.exec(rows))
        if numbers:
            these = (col(PeopleImportRow.serial) == row.serial) & col(PeopleImportRow.number).in_(numbers)
            session.execute(delete(PeopleImportRow).where(these))
        else:
            session.execute(delete(PIECES).where(PIECES.c.serial == row.serial))
            session.delete(row)
