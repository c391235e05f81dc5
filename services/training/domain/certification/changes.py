"""The change feed of certificates: every change once, in order, with positions that appear in order.

The position is taken last before the commit under the lock of one counter row: positions from sequences would skip
or misorder changes of transactions that run side by side, and a reader would miss them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import insert as plain_insert
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.certification import certificates
from services.training.schemas.certificates import Change, ChangeOut, ChangesOut, Status
from services.training.tables import Certificate, CertificateChange, Person
from shared.db import Session, insert
from shared.pages import decode_cursor, encode_cursor, not_ours
from shared.tables import counters

COUNTER = "certificate_changes"
PERSON = "person/"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change; `effective_at` is when it holds from, which a late sweep or import records afterwards.

    `actor` is who did it, by `actor_of`; empty where the clock or a fact did.
    """

    person: str
    certificate: str | None
    change: Change
    status: Status
    effective_at: datetime
    actor: str | None = None
    reason: str | None = None


def actor_of(session: Session) -> str | None:
    """Return how the feed names who acts: a person by their id, a key by its own; None for the service itself."""
    caller = session.context.caller
    return None if caller is None else person_actor(caller.person) if caller.person else caller.id[:100]


def person_actor(person: str) -> str:
    """Return how the feed names a person who acts."""
    return f"{PERSON}{person}"


def add(session: Session, entries: Sequence[Entry]) -> None:
    """Write changes to the feed, in this order, just before this unit commits."""
    if entries:
        session.last(lambda: write(session, entries))


def write(session: Session, entries: Sequence[Entry]) -> None:
    """Take the next positions and write the rows; the counter stays locked until the commit."""
    counter = insert(session, counters).values(name=COUNTER, value=len(entries))
    taken = counter.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + len(entries)})
    last: int = session.execute(taken.returning(counters.c.value)).scalar_one()
    first = last - len(entries) + 1
    rows = [{"position": first + place, "at": session.now, **asdict(entry)} for place, entry in enumerate(entries)]
    session.execute(plain_insert(CertificateChange.__table__), rows)  # type: ignore[attr-defined]


def read(session: Session, cursor: str | None, limit: int) -> ChangesOut:
    """Return the changes after a cursor and the cursor to go on from."""
    after = position_of(cursor)
    newest = session.exec(select(func.max(CertificateChange.position))).one() or 0
    query = (
        select(CertificateChange, Certificate, Person)
        .join(Person, col(Person.id) == col(CertificateChange.person))
        .join(Certificate, col(Certificate.id) == col(CertificateChange.certificate), isouter=True)
        .where(
            CertificateChange.position > after,
            CertificateChange.position <= newest,
            *access.limits(session, "certificates:read"),
        )
        .order_by(col(CertificateChange.position))
        .limit(limit)
    )
    items = [out(*row) for row in session.exec(query)]
    # A reader who may not see the newest ones goes on after them all the same.
    reached = items[-1].cursor if len(items) == limit else encode_cursor(max(after, newest))
    return ChangesOut(items=items, next_cursor=reached)


def out(change: CertificateChange, certificate: Certificate | None, person: Person) -> ChangeOut:
    """Return a change as clients see it."""
    return ChangeOut(
        cursor=encode_cursor(change.position),
        at=change.at,
        effective_at=change.effective_at,
        change=Change(change.change),
        employee_number=person.employee_number,
        certificate=certificates.out(certificate, person, Status(change.status)) if certificate else None,
    )


def position_of(cursor: str | None) -> int:
    """Return the position that a cursor stands for; raises Invalid for one that we did not make."""
    position = decode_cursor(cursor) if cursor is not None else 0
    if type(position) is not int or not 0 <= position < 2**63:
        raise not_ours()
    return position
