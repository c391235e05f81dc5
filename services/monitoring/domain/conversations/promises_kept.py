"""How the promises of an answer went: a figure of the team's, never of a person's."""

from datetime import timedelta

from sqlalchemy import case
from sqlmodel import col, func, select

from services.monitoring.schemas.promises import PromiseFiguresOut, PromisesKeptOut
from services.monitoring.tables import PromisedAnswer
from shared.db import Session


def figures(session: Session, days: int) -> PromisesKeptOut:
    """Count the promises of the last days; one that nobody needs kept any more is not among them."""
    since = session.now - timedelta(days=days)
    answered = col(PromisedAnswer.answered_at).is_not(None)
    late = col(PromisedAnswer.overdue_at).is_not(None)
    counted = {
        "kept": answered & ~late,
        "broken": answered & late,
        "waiting": ~answered & ~late,
        "overdue": ~answered & late,
    }
    statement = (
        select(
            PromisedAnswer.kind,
            PromisedAnswer.nth,
            *(func.sum(case((condition, 1), else_=0)).label(name) for name, condition in counted.items()),
        )
        .where(col(PromisedAnswer.asked_at) >= since, col(PromisedAnswer.withdrawn_at).is_(None))
        .group_by(PromisedAnswer.kind, PromisedAnswer.nth)
        .order_by(PromisedAnswer.kind, PromisedAnswer.nth)
    )
    items = [PromiseFiguresOut.model_validate(row) for row in session.execute(statement)]
    return PromisesKeptOut(since=since, items=items)
