"""When people did not work here: what they held counted for nothing then, also when it is asked later."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, func, update
from sqlmodel import col, or_, select

from services.training.tables import Absence
from shared.db import Session, insert

AWAY = select(Absence.person, Absence.left_at).where(
    col(Absence.person).in_(bindparam("people", expanding=True)),
    col(Absence.left_at) <= bindparam("at"),
    or_(col(Absence.back_at).is_(None), col(Absence.back_at) > bindparam("at")),
)


def begin(session: Session, person: str) -> None:
    """Note that a person left now."""
    left = insert(session, Absence.__table__).values(person=person, left_at=session.now, back_at=None)  # type: ignore[attr-defined]
    session.execute(left.on_conflict_do_update(index_elements=["person", "left_at"], set_={"back_at": None}))


def end(session: Session, person: str) -> None:
    """Note that a person is back now."""
    away = update(Absence).where(col(Absence.person) == person, col(Absence.back_at).is_(None))
    session.execute(away.values(back_at=session.now))


def at_moment(session: Session, left: Mapping[str, datetime | None], at: datetime) -> dict[str, datetime | None]:
    """Return since when each of these people was away at a moment, of when they left for good or not.

    Only a moment that is past can differ from what is so now.
    """
    if at >= session.now or not left:
        return dict(left)
    return {**left, **{row.person: row.left_at for row in session.execute(AWAY, {"people": list(left), "at": at})}}


def last_ended(session: Session, people: list[str]) -> dict[str, datetime]:
    """Return when those of these people who were away came back the last time."""
    back = select(Absence.person, func.max(col(Absence.back_at))).where(
        col(Absence.person).in_(people), col(Absence.back_at).is_not(None)
    )
    return dict(session.execute(back.group_by(col(Absence.person))).all())
