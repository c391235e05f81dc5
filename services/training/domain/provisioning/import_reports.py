"""What became of files of people: for those who sent them, row by row."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.schemas.imports import ImportedRow, ImportJobOut, ImportOut, Outcome
from services.training.tables import PeopleImport, PeopleImportRow, RowState
from shared.db import Session
from shared.pages import Page, PageQuery, encode_cursor, not_ours, page
from shared.problems import NotFound


def finish(session: Session, import_id: str) -> ImportOut:
    """Return the whole report of an import that came to its end."""
    row = load(session, import_id)
    rows = session.execute(rows_of(row.serial)).all()
    return ImportOut(
        dry_run=row.dry_run,
        **counts(session, row),
        encoding=row.encoding,
        delimiter=row.delimiter,
        ignored_columns=row.ignored_columns,
        state=row.state,
        rows=[ImportedRow.model_validate(one) for one in rows],
    )


def get(session: Session, import_id: str) -> ImportJobOut:
    """Return how far an import is; raises NotFound."""
    return out(session, load(session, import_id))


def find(session: Session, paging: PageQuery) -> Page[ImportJobOut]:
    """List the imports that the caller may see, the newest first."""
    query = select(PeopleImport).where(*mine(session))
    return page(session, query, paging, key=PeopleImport.id, to=lambda row: out(session, row), newest_first=True)


def find_rows(session: Session, import_id: str, paging: PageQuery, outcome: Outcome | None) -> Page[ImportedRow]:
    """List the rows of an import with what became of each, or will; raises NotFound."""
    row = load(session, import_id)
    query = rows_of(row.serial).where(col(PeopleImportRow.number) > number_after(paging))
    if outcome is not None:
        query = query.where(col(PeopleImportRow.outcome) == outcome)
    found = session.execute(query.limit(paging.limit + 1)).all()
    items = [ImportedRow.model_validate(one) for one in found[: paging.limit]]
    return Page(items=items, next_cursor=encode_cursor(str(items[-1].row)) if len(found) > paging.limit else None)


def number_after(paging: PageQuery) -> int:
    """Return the row after which a page begins; raises Invalid for a cursor that we did not make."""
    if paging.after is None:
        return 0
    if not paging.after.isascii() or not paging.after.isdigit() or len(paging.after) > 9:
        raise not_ours()
    return int(paging.after)


def load(session: Session, import_id: str) -> PeopleImport:
    """Return an import that the caller may see; raises NotFound."""
    row = session.exec(select(PeopleImport).where(PeopleImport.id == import_id, *mine(session))).first()
    if row is None:
        raise NotFound(f"There is no import {import_id}.")
    return row


def mine(session: Session) -> list[ColumnElement[bool]]:
    """Return the condition that keeps a key of some departments to its own files."""
    caller = session.context.caller
    if caller is None or caller.departments is None:
        return []
    return [col(PeopleImport.requested_by) == caller.id]


def rows_of(serial: int) -> Select[*tuple[Any, ...]]:
    """Return the query for the rows of an import, in the order of the file."""
    name = func.coalesce(PeopleImportRow.employee_number, PeopleImportRow.user_name, "")
    return (
        core_select(
            col(PeopleImportRow.number).label("row"),
            name.label("employee_number"),
            col(PeopleImportRow.outcome),
            col(PeopleImportRow.detail),
        )
        .where(col(PeopleImportRow.serial) == serial)
        .order_by(col(PeopleImportRow.number))
    )


def counts(session: Session, row: PeopleImport) -> dict[str, int]:
    """Count the rows of an import by what became of them, or will."""
    query = select(PeopleImportRow.outcome, func.count()).where(PeopleImportRow.serial == row.serial)
    found = dict(session.exec(query.group_by(PeopleImportRow.outcome)).all())
    return {name: found.get(name, 0) for name in ("created", "updated", "unchanged", "rejected")}


def out(session: Session, row: PeopleImport) -> ImportJobOut:
    """Return an import as clients see it."""
    applied = select(func.count()).where(
        PeopleImportRow.serial == row.serial, PeopleImportRow.state == RowState.APPLIED
    )
    return ImportJobOut(
        **row.model_dump(include=set(ImportJobOut.model_fields)),
        **counts(session, row),
        planned=row.placed,
        applied=session.exec(applied).one(),
    )
