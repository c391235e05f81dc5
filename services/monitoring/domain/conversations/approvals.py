"""Decisions on held drafts: a copy of what the policy service told, by which held replies go out."""

import hashlib

from services.monitoring.tables import ApprovalDecision
from shared.db import Session, insert
from shared.events.policy import ApprovalDecidedV1

APPROVED, OPEN = "approved", "open"
REJECTED = "The approval was refused."
ANOTHER_TEXT = "The approval was given for another text, or to another author."


def keep(session: Session, told: ApprovalDecidedV1) -> ApprovalDecision:
    """Keep a decision."""
    values = told.model_dump(include={"id", "person", "decision", "text_hash"})
    statement = insert(session, ApprovalDecision.__table__).values(values)  # type: ignore[attr-defined]
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))
    return session.get_one(ApprovalDecision, told.id, populate_existing=True)


def decision_on(session: Session, request: str | None, text: str, person: str) -> str | None:
    """Return what a request came to for a person's text: APPROVED, OPEN, or why it does not count; None without one."""
    if request is None:
        return None
    known = session.get(ApprovalDecision, request)
    if known is None:
        return OPEN
    if known.person != person or known.text_hash != hash_of(request, text):
        return ANOTHER_TEXT
    return APPROVED if known.decision == APPROVED else REJECTED


def hash_of(request: str, text: str) -> str:
    """Return how the policy service names a text: see `ApprovalDecidedV1`."""
    return hashlib.sha256(f"{request}\n{text}".encode()).hexdigest()
