"""Findings that held: the person accepted the guidance about them, or a second coach confirmed them on appeal."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import col

from services.monitoring.tables import Finding, Guidance
from shared.db import Session


@dataclass(frozen=True, slots=True)
class Upheld:
    """A finding about somebody that held, and when they were told of it."""

    finding: str
    person: str
    department: str | None
    network: str
    policy: str
    section: str
    at: datetime


def upheld(session: Session, since: datetime, persons: Collection[str] | None = None) -> list[Upheld]:
    """Return the findings of which people were told after `since` and that held, of all people or of these.

    One that was dismissed, on appeal or before, is none; nor is one whose guidance nobody has answered yet.
    """
    appealed = select(col(Guidance.finding)).where(
        col(Guidance.state) == "appealed", col(Guidance.finding).is_not(None)
    )
    confirmed = (col(Guidance.state) == "given") & col(Guidance.finding).in_(appealed)
    statement = (
        select(
            col(Finding.id),
            col(Finding.person),
            col(Finding.department),
            col(Finding.network),
            col(Finding.policy),
            col(Finding.section),
            col(Guidance.given_at),
        )
        .join(Guidance, col(Guidance.finding) == col(Finding.id))
        .where(
            col(Guidance.given_at) > since,
            col(Finding.person).is_not(None),
            col(Finding.state).in_(("guided", "closed")),
            col(Finding.mended).is_(False),
            or_(col(Guidance.state) == "acknowledged", confirmed),
        )
        .order_by(col(Guidance.given_at), col(Finding.id))
    )
    if persons is not None:
        statement = statement.where(col(Finding.person).in_(persons))
    found = {row[0]: Upheld(*row) for row in session.execute(statement).all()}
    return list(found.values())
