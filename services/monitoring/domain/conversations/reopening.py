"""A customer who writes again soon after a conversation was resolved goes on with it; later they begin another."""

from collections.abc import Collection

from sqlalchemy import tuple_
from sqlmodel import col, select

from services.monitoring.domain.routing import assignments
from services.monitoring.settings import terms
from services.monitoring.tables import Conversation
from shared.db import Session
from shared.events.monitoring import ConversationReopenedV1
from shared.evidence import record
from shared.outbox import tell

RESOLVED = "resolved"


def lately_resolved(session: Session, threads: Collection[tuple[str, str]]) -> dict[str, Conversation]:
    """Return the last conversation of each of these threads, by what names it while it is open, if it may go on."""
    if not threads:
        return {}
    since = session.now - terms().reopen_within
    rows = select(Conversation).where(
        tuple_(col(Conversation.network), col(Conversation.thread)).in_(threads),
        col(Conversation.state) == RESOLVED,
        col(Conversation.resolved_at) > since,
    )
    return {key_of(one): one for one in session.execute(rows.order_by(col(Conversation.id))).scalars()}


def may_go_on(session: Session, one: Conversation) -> bool:
    """Tell whether a resolved conversation may go on: it is the last of its thread, and was resolved lately."""
    key = key_of(one)
    if session.execute(select(Conversation.id).where(col(Conversation.open_key) == key)).first() is not None:
        return False
    return lately_resolved(session, [(one.network, one.thread)]).get(key) is one


def key_of(one: Conversation) -> str:
    """Return what names a conversation among the open ones."""
    return f"{one.network}:{one.thread}"


def reopen(session: Session, one: Conversation) -> None:
    """Put a resolved conversation back into the queue; who had it may have it again, whoever gave it back before too."""
    one.state, one.open_key, one.resolved_at = "reopened", key_of(one), None
    one.queued_at = session.now
    one.assignee = one.assignment = one.accept_by = None
    one.chosen, one.passed_over, one.given_back = None, [], []
    one.revision += 1
    tell(session, ConversationReopenedV1(**assignments.told(one)))
    record(session, "conversation.reopen", f"conversation/{one.id}")
