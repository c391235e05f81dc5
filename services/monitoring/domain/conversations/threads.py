"""What was said in a thread in those of its conversations that are resolved: tools push it again, and it opens nothing."""

from collections.abc import Collection

from sqlmodel import col, select

from services.monitoring.tables import Conversation, Message
from shared.db import Session


def settled(session: Session, network: str, thread: str, ids: Collection[str]) -> set[str]:
    """Return which of these messages, by their ids on the network, are part of some resolved conversation of a thread."""
    of_thread = (col(Conversation.network) == network, col(Conversation.thread) == thread)
    there = select(Message.network_id).join(Conversation, col(Conversation.id) == col(Message.conversation))
    there = there.where(*of_thread, col(Conversation.open_key).is_(None))
    return set(session.execute(there.where(col(Message.network_id).in_(ids))).scalars())


def last_resolved(session: Session, network: str, thread: str) -> Conversation | None:
    """Return the last conversation of a thread, if it is resolved."""
    rows = select(Conversation).where(col(Conversation.network) == network, col(Conversation.thread) == thread)
    last: Conversation | None = session.execute(rows.order_by(col(Conversation.id).desc()).limit(1)).scalar()
    return last if last is not None and last.open_key is None else None
