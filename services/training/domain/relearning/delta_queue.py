"""For whom it is to be looked at, soon and in a transaction of its own, whether they have something to learn anew.

Whatever touches what somebody's certificates cover notes the person here. What changes for many, a version of a policy
or of a course, notes that first; who holds something that rests on it is looked up in a later transaction, so that
nobody is missed whose certificate was being issued meanwhile.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, cast, literal
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.tables import Certificate, DeltaRound, DeltaWaiting, metadata
from shared.db import Session, insert
from shared.ids import new_id
from shared.set_aside import at_hand
from shared.statements import DialectInsert, Prebuilt

WAITING = metadata.tables["deltas_waiting"]
ROUNDS = metadata.tables["delta_rounds"]


def waits(insert_of: Any) -> DialectInsert:
    """Return what notes that a person waits."""
    statement: DialectInsert = insert_of(WAITING).values({name: bindparam(name) for name in ("person", "token")})
    return statement.on_conflict_do_update(index_elements=["person"], set_={"token": statement.excluded.token})


WAITS = Prebuilt(waits)


def look_at(session: Session, people: Iterable[str]) -> None:
    """Have some people looked at soon."""
    rows = [{"person": person, "token": new_id()} for person in sorted(set(people))]
    if rows:
        WAITS.run(session, *rows)


def policy_changed(session: Session, policy: str) -> None:
    """Have all looked at whose certificates cover a policy."""
    begin(session, f"policy/{policy}")


def course_changed(session: Session, course: str) -> None:
    """Have all looked at whose certificates rest on a course."""
    begin(session, f"course/{course}")


def begin(session: Session, subject: str) -> None:
    """Note that something changed."""
    kept = insert(session, ROUNDS).values(subject=subject, token=new_id())
    session.execute(kept.on_conflict_do_update(index_elements=["subject"], set_={"token": kept.excluded.token}))


def fan_out(session: Session) -> None:
    """Note everyone whom the changes concern that were noted before."""
    for row in session.exec(select(DeltaRound)).all():
        current = (col(Certificate.archived_at).is_(None), col(Certificate.expires_at) > session.now)
        people = core_select(col(Certificate.person), literal(new_id())).where(*current, concerned(row.subject))
        queued = insert(session, WAITING).from_select(["person", "token"], people.distinct())
        session.execute(queued.on_conflict_do_update(index_elements=["person"], set_={"token": queued.excluded.token}))
        session.execute(ROUNDS.delete().where(ROUNDS.c.subject == row.subject, ROUNDS.c.token == row.token))


def concerned(subject: str) -> ColumnElement[bool]:
    """Return the condition on certificates that may rest on something: looked at more closely one by one."""
    kind, _, key = subject.partition("/")
    if kind == "policy":
        return cast(col(Certificate.sections), Text).contains(f'"{key}"', autoescape=True)
    return cast(col(Certificate.basis), Text).contains(f'"{subject}"', autoescape=True)


def waiting(session: Session, sweep: str, limit: int) -> dict[str, str]:
    """Return the next who wait, with what says since when, but for those whom the sweep has set aside."""
    rows = select(DeltaWaiting.person, DeltaWaiting.token).where(at_hand(session, sweep, col(DeltaWaiting.person)))
    return dict(session.exec(rows.order_by(DeltaWaiting.person).limit(limit)).all())


def over(session: Session, seen: dict[str, str]) -> None:
    """Let those wait no more for whom nothing has happened since they were read."""
    for person, token in seen.items():
        session.execute(WAITING.delete().where(WAITING.c.person == person, WAITING.c.token == token))
