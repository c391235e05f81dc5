"""Certificates as a table, a page of lines at a time: for spreadsheets, warehouses and systems that take files.

Every line is as of one moment, however long it takes to read them all, and the lines come in the order of their
certificates, so that a page goes on where the one before ended.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import ColumnElement, Row, Select, and_, exists, select

from services.training.domain import access
from services.training.domain.certification import absences
from services.training.domain.certification.standing import Standing, is_certified, status_at, term_at
from services.training.domain.certification.statuses import FACTS
from services.training.schemas.certificates import Status
from services.training.tables import metadata
from shared.db import Session

COLUMNS = (
    "employee_number",
    "certification",
    "status",
    "issued_at",
    "expires_at",
    "certificate",
    "certified",
    "certified_until",
    "department",
)
"""The order is part of what clients rely on; further columns come last."""
CERTIFICATES = metadata.tables["certificates"]
PEOPLE = metadata.tables["people"]
FORMULAS = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which certificates a table has: the latest of each person and certification, as of a moment."""

    as_of: datetime | None = None
    certification: str | None = None
    status: Status | None = None


def fixed(session: Session, asked: Asked) -> Asked:
    """Fix the moment of a table, so that all its pages are as of the same one."""
    return replace(asked, as_of=asked.as_of or session.now)


def lines(session: Session, asked: Asked, after: str | None, limit: int) -> tuple[list[Line], str | None]:
    """Return lines in the order of `COLUMNS` from up to `limit` certificates, and after which to go on (None: no more)."""
    at = asked.as_of or session.now
    found = session.execute(
        query(asked, session.now, after).where(*access.limits(session, "certificates:read")).limit(limit)
    ).all()
    left = absences.at_moment(session, {row.person: row.left_at for row in found}, at)
    made = (line(row, left[row.person], at) for row in found)
    return [each for each in made if asked.status in {None, each[2]}], found[-1].id if len(found) == limit else None


def query(asked: Asked, now: datetime, after: str | None) -> Select[Any]:
    """Return the query for the certificates that were the latest of their kind at the moment asked for."""
    columns = CERTIFICATES.c
    conditions: list[ColumnElement[bool]] = []
    if asked.as_of is None or asked.as_of >= now:
        conditions.append(columns.archived_at.is_(None))
    else:
        later = CERTIFICATES.alias("later")
        follows = and_(
            later.c.person == columns.person,
            later.c.certification == columns.certification,
            later.c.sequence > columns.sequence,
            later.c.issued_at <= asked.as_of,
        )
        conditions += [columns.issued_at <= asked.as_of, ~exists(select(later.c.id).where(follows))]
    if asked.certification is not None:
        conditions.append(columns.certification == asked.certification)
    if after is not None:
        conditions.append(columns.id > after)
    people = (PEOPLE.c.employee_number, PEOPLE.c.department, PEOPLE.c.left_at)
    joined = CERTIFICATES.join(PEOPLE, PEOPLE.c.id == columns.person)
    return select(*FACTS, *people).select_from(joined).where(*conditions).order_by(columns.id)


def line(row: Row[Any], left_at: datetime | None, at: datetime) -> Line:
    """Return what a certificate says at a moment, in the order of `COLUMNS`."""
    standing = cast(Standing, row)
    status = status_at(standing, at, left_at)
    certified = is_certified(standing, status, at)
    term = term_at(standing, at)
    return (
        row.employee_number,
        row.certification,
        status,
        row.issued_at,
        term.expires_at,
        row.id,
        certified,
        term.grace_until if certified else None,
        row.department,
    )


def csv_lines(columns: Sequence[str], rows: Iterable[Line], *, header: bool) -> str:
    """Return rows as lines of a CSV file (RFC 4180, UTF-8), none of whose cells a spreadsheet runs as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def json_lines(columns: Sequence[str], rows: Iterable[Line]) -> str:
    """Return rows as JSON Lines: an object a line."""
    options = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(dict(zip(columns, row, strict=True)), option=options) for row in rows).decode()


def cell(value: Any) -> str:
    """Return a value as a CSV cell has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return harmless(str(value))


def harmless(text: str) -> str:
    """Return a cell that a spreadsheet will not run as a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text
