"""The gateway's copy of certificates: what it takes to say who is certified now, in the order in which it changed.

How a certificate stands follows from its dates and the clock, by the same rule as with its owner. Where the status
that was told does not follow from that rule, the copy says so (`State.UNCLEAR`), and the owner is asked instead.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import orjson
from sqlalchemy import Executable, Table, bindparam, func, select

from services.gateway.tables import CoveredSections, HeldCertificate, Holder
from shared.db import Session
from shared.events.training import CertificateTold, PersonChangedV1, PersonLeftV1
from shared.following import POSITION, snapshots_missing
from shared.marks import read_mark
from shared.statements import DialectInsert, Prebuilt, Row
from shared.tables import counters

OWNER = "training"
COUNTER = TOUCHED = "holders"
HOLDERS = cast(Table, Holder.__table__)  # type: ignore[attr-defined]
HELD = cast(Table, HeldCertificate.__table__)  # type: ignore[attr-defined]
COVERED = cast(Table, CoveredSections.__table__)  # type: ignore[attr-defined]

CERTIFICATE = tuple(HELD.c.keys())
PERSON = ("person", "employee_number", "department", "left_at")
TOLD = (*PERSON, "former_numbers")


class State(StrEnum):
    """What people made of a certificate; the status of one that is held follows the clock."""

    HELD = "held"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Dates:
    """What the clock is compared with."""

    issued_at: datetime
    expiring_from: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """People who changed since a position, each with all their certificates, oldest first; and the last position."""

    position: int
    holders: list[tuple[Row, list[Row]]]


def upsert(table: Table, columns: Sequence[str], **changes: Callable[[Any], Any]) -> Prebuilt:
    """Return what writes a row under its first column, whether it is there or not; a new holder waits for its position."""
    key, *others = columns

    def statement(insert_of: Callable[[Table], DialectInsert]) -> Executable:
        values: dict[str, Any] = {name: bindparam(name) for name in columns}
        if table is HOLDERS and "position" not in values:
            values["position"] = 0
        added = insert_of(table).values(values)
        given = {name: changes[name](added) if name in changes else added.excluded[name] for name in others}
        return added.on_conflict_do_update(index_elements=[key], set_=given)

    return Prebuilt(statement)


KEEP_PERSON = upsert(HOLDERS, TOLD)
KEEP_LEAVER = upsert(HOLDERS, TOLD, left_at=lambda added: func.coalesce(HOLDERS.c.left_at, added.excluded.left_at))
LEAVE = upsert(HOLDERS, ("person", "left_at"))
PLACE = upsert(HOLDERS, ("person", "position"))
KEEP = upsert(HELD, CERTIFICATE)
COVER = upsert(COVERED, ("hash", "body"))
CHANGED = Prebuilt(
    select(HOLDERS.c.position, *(HOLDERS.c[name] for name in TOLD))
    .where(HOLDERS.c.position > bindparam("after"))
    .order_by(HOLDERS.c.position)
    .limit(bindparam("most"))
)
OF_PERSON = Prebuilt(select(HELD).where(HELD.c.person == bindparam("of")).order_by(HELD.c.sequence, HELD.c.id))
ONE_BY_ONE = 20
"""People up to whom a prebuilt statement for each is quicker than one for all."""


def keep_person(session: Session, event: PersonChangedV1, told_at: datetime) -> None:
    """Keep a person's number and department; one who is told as inactive has left by then at the latest."""
    values = {
        "person": event.id,
        "employee_number": event.employee_number,
        "department": event.department,
        "former_numbers": orjson.dumps(event.former_numbers).decode() if event.former_numbers else None,
    }
    if event.active:
        KEEP_PERSON.run(session, {**values, "left_at": None})
    else:
        KEEP_LEAVER.run(session, {**values, "left_at": told_at})
    touch(session, event.id)


def keep_leaver(session: Session, event: PersonLeftV1) -> None:
    """Keep when a person left: from then on nothing counts that they hold."""
    LEAVE.run(session, {"person": event.id, "left_at": event.left_at})
    touch(session, event.id)


def keep(session: Session, event: CertificateTold, told_at: datetime) -> None:
    """Keep a certificate as it is told."""
    sections = orjson.dumps([section.model_dump() for section in event.sections])
    covered = hashlib.sha256(sections).hexdigest()
    COVER.run(session, {"hash": covered, "body": sections})
    values: dict[str, Any] = {name: getattr(event, name) for name in CERTIFICATE if name not in {"state", "covered"}}
    KEEP.run(session, {**values, "state": state_of(event, told_at), "covered": covered})
    touch(session, event.person)


def state_of(event: CertificateTold, told_at: datetime) -> State:
    """Return what people made of a certificate, by its status when it was told."""
    if event.status in {State.SUSPENDED, State.REVOKED}:
        return State(event.status)
    dates = Dates(event.issued_at, event.expiring_from, event.expires_at)
    return State.HELD if event.status == status_by_clock(dates, told_at) else State.UNCLEAR


def status_by_clock(dates: Dates, at: datetime) -> str:
    """Return the status of a certificate that is held; a date belongs to the status that it begins."""
    if at < dates.issued_at:
        return "none"
    if at >= dates.expires_at:
        return "expired"
    return "expiring" if at >= dates.expiring_from else "valid"


def touch(session: Session, person: str) -> None:
    """Give a person the next position at the end of this unit, with all others whom it concerns."""
    touched: dict[str, None] | None = session.info.get(TOUCHED)
    if touched is None:
        touched = session.info[TOUCHED] = {}
        session.last(lambda: place(session, touched))
    touched[person] = None


def place(session: Session, people: Iterable[str]) -> None:
    """Take the next positions; the counter's lock makes them follow the order of commits."""
    del session.info[TOUCHED]
    rows = [{"person": person} for person in sorted(people)]
    last = take_positions(session, len(rows))
    PLACE.run(session, *({**row, "position": last - at} for at, row in enumerate(rows)))


TAKE = Prebuilt(
    lambda insert_of: (
        insert_of(counters)
        .values(name=bindparam("name"), value=bindparam("count"))
        .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + bindparam("count")})
        .returning(counters.c.value)
    )
)


def take_positions(session: Session, count: int) -> int:
    """Take the next positions and return the last of them."""
    taken = TAKE.first(session, name=COUNTER, count=count)
    assert taken is not None  # noqa: S101  an upsert returns its row
    return int(taken[0])


def changed(session: Session, after: int, most: int) -> Changed:
    """Return the next people who changed after a position."""
    people = CHANGED.rows(session, after=after, most=most)
    held: dict[str, list[Row]] = {row[1]: [] for row in people}
    for row in certificates_of(session, list(held)):
        held[row[CERTIFICATE.index("person")]].append(row)
    return Changed(people[-1][0] if people else after, [(row[1:], held[row[1]]) for row in people])


def certificates_of(session: Session, people: Sequence[str]) -> Iterable[Row]:
    """Return the certificates of people, of each the oldest first."""
    if len(people) <= ONE_BY_ONE:
        return [row for person in people for row in OF_PERSON.rows(session, of=person)]
    of_all = select(HELD).where(HELD.c.person.in_(people)).order_by(HELD.c.sequence, HELD.c.id)
    return [tuple(row) for row in session.execute(of_all)]


def sections(session: Session, hashes: Iterable[str]) -> dict[str, bytes]:
    """Return the sections that hashes stand for, as JSON."""
    found = session.execute(select(COVERED.c.hash, COVERED.c.body).where(COVERED.c.hash.in_(set(hashes))))
    return {row.hash: row.body for row in found}


def handled_up_to(session: Session) -> int | None:
    """Return the stream's position up to which all is handled here; None while the owner's snapshot is missing."""
    return None if snapshots_missing(session, [OWNER]) else int(read_mark(session, POSITION) or 0)
