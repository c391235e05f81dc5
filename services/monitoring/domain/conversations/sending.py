"""Replies that a connector of ours sends itself: which are due, and under which id each one stands on its network."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from services.monitoring.domain.routing import pauses
from services.monitoring.tables import Conversation, Message, Reply
from shared.db import Session


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply that is approved and not confirmed; `answers` is the customer's message that it answers."""

    id: str
    text: str
    language: str | None
    approved_at: datetime
    answers: str


def due(session: Session, network: str, prefix: str, but: Collection[str] = (), limit: int = 20) -> list[Outgoing]:
    """Return the replies to send on a network, the oldest first: to messages whose ids begin with `prefix`.

    What an inbox tool pushed in has ids of that tool, and is its to answer. A pause holds replies back, also those that
    were approved before it began. Neither these nor the replies of `but`, which wait, keep others from being sent.
    """
    before = (
        select(func.max(Message.id))
        .where(col(Message.conversation) == col(Reply.conversation), col(Message.id) < col(Reply.id))
        .correlate(Reply)
        .scalar_subquery()
    )
    statement = (
        select(Reply, Conversation, Message.network_id)
        .join(Conversation, col(Conversation.id) == col(Reply.conversation))
        .join(Message, col(Message.id) == before)
        .where(col(Reply.status) == "approved", col(Conversation.network) == network)
        .where(col(Message.network_id).startswith(prefix, autoescape=True), col(Reply.id).not_in(but))
        .where(*pauses.outside(pauses.active(session)))
        .order_by(col(Reply.id))
        .limit(limit)
    )
    return [
        Outgoing(reply.id, reply.text, one.language, reply.approved_at, answers)
        for reply, one, answers in session.execute(statement)
    ]


def intend(session: Session, reply_id: str, network_id: str) -> bool:
    """Note the id under which a reply is about to stand on its network, so that we know it there for ours.

    False: it is no longer to be sent.
    """
    reply = session.execute(select(Reply).where(col(Reply.id) == reply_id).with_for_update()).scalar()
    if reply is None or reply.status != "approved":
        return False
    one = session.get_one(Conversation, reply.conversation)
    if pauses.covering(pauses.active(session), one.network, one.language, one.topic) is not None:
        return False
    reply.network_id = network_id
    return True


def ours(session: Session, network: str, network_ids: Collection[str]) -> set[str]:
    """Return which of these are replies that were sent on a network, or are about to be."""
    rows = (
        select(Reply.network_id)
        .join(Conversation, col(Conversation.id) == col(Reply.conversation))
        .where(col(Reply.network_id).in_(network_ids), col(Conversation.network) == network)
    )
    return {found for found in session.execute(rows).scalars() if found is not None}


def note_trouble(session: Session, reply_id: str, sentence: str) -> None:
    """Keep why a reply has not gone out yet, for whoever wonders."""
    reply = session.execute(select(Reply).where(col(Reply.id) == reply_id).with_for_update()).scalar()
    if reply is not None and reply.status == "approved":
        reply.error = sentence
