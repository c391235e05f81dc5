"""How much waits for people at this moment."""

from sqlmodel import col, func, select

from services.monitoring.domain.coaching.findings import OPEN
from services.monitoring.domain.routing.assignments import QUEUED
from services.monitoring.tables import Conversation, Finding
from shared.db import Session


def now(session: Session) -> dict[str, int]:
    """Count conversations that are with nobody, answers that are late, and findings that no coach has taken on."""
    queued = select(func.count()).select_from(Conversation).where(col(Conversation.state).in_(QUEUED))
    overdue = select(func.count()).select_from(Conversation)
    overdue = overdue.where(col(Conversation.overdue), col(Conversation.due_at).is_not(None))
    found = select(func.count()).select_from(Finding).where(col(Finding.state).in_(OPEN))
    asked = {"conversations": queued, "overdue": overdue, "findings": found}
    return {what: int(session.execute(query).scalar_one()) for what, query in asked.items()}
