"""For whom it is to be decided, soon and in a transaction of its own, what they are to learn.

Whatever changes what a rule sees of a person writes a row here, whether or not there is a rule: one that is made at the
same time then misses nobody.
"""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import ColumnElement, Table, bindparam, literal, or_
from sqlalchemy import select as core_select
from sqlmodel import col, select

from services.training.schemas.assigning import Occasion
from services.training.tables import Assignment, PathMember, Person, RuleMatch, metadata
from shared.db import Session, insert
from shared.ids import new_id
from shared.set_aside import at_hand
from shared.statements import DialectInsert, Prebuilt

TABLE = metadata.tables["assignments_waiting"]
GO_ON = "go on"
"""Only what somebody was asked before is to be looked at."""


def waits(insert_of: Callable[[Table], DialectInsert]) -> DialectInsert:
    """Return what notes that a person waits."""
    statement: DialectInsert = insert_of(TABLE).values({name: bindparam(name) for name in ("person", "cause", "token")})
    return statement.on_conflict_do_update(index_elements=["person", "cause"], set_={"token": statement.excluded.token})


WAITS = Prebuilt(waits)
OVER = Prebuilt(
    TABLE.delete().where(
        TABLE.c.person == bindparam("of"), TABLE.c.cause == bindparam("why"), TABLE.c.token == bindparam("as_read")
    )
)


def rule(key: str) -> str:
    """Name the cause that a rule was made, or changed."""
    return f"rule/{key}"


def later(session: Session, people: Iterable[str], *causes: str) -> None:
    """Have it decided soon for some people."""
    rows = [{"person": person, "cause": cause, "token": new_id()} for person in sorted(set(people)) for cause in causes]
    if rows:
        WAITS.run(session, *rows)


def joined(session: Session, people: Iterable[str]) -> None:
    """Note that people are new, or back."""
    later(session, people, Occasion.JOINS)


def moved(session: Session, people: Iterable[str]) -> None:
    """Note that something of people changed that rules may ask for."""
    later(session, people, Occasion.MOVES)


def later_for(session: Session, people: ColumnElement[bool], cause: str) -> None:
    """Have it decided soon for all people of a condition."""
    chosen = core_select(col(Person.id), literal(cause), literal(new_id())).where(people)
    queued = insert(session, TABLE).from_select(["person", "cause", "token"], chosen)
    session.execute(
        queued.on_conflict_do_update(index_elements=["person", "cause"], set_={"token": queued.excluded.token})
    )


def first_version(session: Session) -> None:
    """Have it decided soon for all whom rules and paths may have waited to put on a course that had no version yet."""
    found = select(RuleMatch.person).where(col(RuleMatch.ended_at).is_(None))
    on_paths = select(PathMember.person).where(col(PathMember.ended_at).is_(None))
    later_for(session, or_(col(Person.id).in_(found), col(Person.id).in_(on_paths)), GO_ON)


def waiting(session: Session, sweep: str, limit: int) -> list[str]:
    """Return the next who wait, but for those whom the sweep has set aside."""
    people = select(Assignment.person).where(at_hand(session, sweep, col(Assignment.person)))
    return list(session.exec(people.distinct().order_by(Assignment.person).limit(limit)))


def of(session: Session, people: Collection[str]) -> list[Assignment]:
    """Return for which causes people wait."""
    return list(session.exec(select(Assignment).where(col(Assignment.person).in_(people))))


def over(session: Session, rows: Iterable[Assignment]) -> None:
    """Let those wait no more for whom nothing has happened since they were read."""
    done = [{"of": row.person, "why": row.cause, "as_read": row.token} for row in rows]
    OVER.run(session, *done)
