"""Counts by the hour of what is neither a post nor a finding: conversations, replies, what is late, guidance."""

from collections import Counter
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import delete
from sqlmodel import col

from services.monitoring.tables import HourCount
from shared.db import Session, insert

Metric = Literal["triage", "deletions", "conversations", "replies", "overdue", "guidance"]


class Happening(NamedTuple):
    """Something that happened once, and where it counts; fields are those of the table's key, in its order."""

    hour: datetime
    metric: str
    network: str
    department: str
    kind: str


def happening(
    metric: Metric, at: datetime, network: str, *, department: str | None = None, kind: str | None = None
) -> Happening:
    """Return where something counts that happened at an instant."""
    return Happening(hour_of(at), metric, network, department or "", kind or "")


def hour_of(at: datetime) -> datetime:
    """Return when the hour of an instant began."""
    return at.replace(minute=0, second=0, microsecond=0)


def count(session: Session, *happened: Happening) -> None:
    """Count what happened."""
    add(session, Counter(happened))


def add(session: Session, counted: Counter[Happening]) -> None:
    """Add to the counts, or take from them where a number is negative, in the order of the keys.

    So two units of work never wait for each other.
    """
    rows = [{**where._asdict(), "amount": amount} for where, amount in sorted(counted.items()) if amount]
    if not rows:
        return
    statement = insert(session, HourCount.__table__)  # type: ignore[attr-defined]
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(Happening._fields),
            set_={"amount": HourCount.amount + statement.excluded.amount},
        ),
        rows,
    )
    if any(amount < 0 for amount in counted.values()):
        session.execute(delete(HourCount).where(col(HourCount.amount) == 0))
