"""Replies that nobody has confirmed as sent: they show up in a queue, and can be told again."""

from collections.abc import Collection
from functools import partial

from sqlalchemy import ColumnElement, TextClause
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import replies
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.schemas.conversations import ReplyOut
from services.monitoring.settings import terms
from services.monitoring.tables import UNCONFIRMED, Conversation, Reply
from shared.conditions import expect
from shared.db import Session
from shared.events.monitoring import ReplyUnconfirmedV1
from shared.evidence import digest_of, record
from shared.outbox import tell
from shared.problems import Conflict, NotFound
from shared.set_aside import at_hand, do_each

SWEEP = "unconfirmed replies"
AT_ONCE = 500


class ReplyUnderWay(Conflict):
    """The reply is delivered, is not out, or may still be confirmed in time."""


def note_unconfirmed(session: Session) -> None:
    """Tell of replies whose sending nobody has confirmed in time, each once for every time that it was told."""
    silent = (
        select(Reply.id)
        .where(*overdue(session), at_hand(session, SWEEP, col(Reply.id)))
        .order_by(col(Reply.id))
        .limit(AT_ONCE)
    )
    do_each(session, SWEEP, list(session.execute(silent).scalars()), partial(tell_unconfirmed, session))


def overdue(session: Session) -> tuple[TextClause, ColumnElement[bool]]:
    """Return the conditions on replies that should have been confirmed by now, and have not been told of.

    They are worded as the index that finds them is: with a parameter in them, no database would use it.
    """
    since = session.now - terms().confirm_within
    return (UNCONFIRMED, col(Reply.told_at) <= since)


def tell_unconfirmed(session: Session, ids: Collection[str]) -> None:
    """Mark replies as unconfirmed; one that was confirmed meanwhile is not."""
    rows = select(Reply).where(col(Reply.id).in_(ids), *overdue(session)).order_by(col(Reply.id)).with_for_update()
    found = list(session.execute(rows.execution_options(populate_existing=True)).scalars())
    networks = replies.networks(session, found)
    for reply in found:
        reply.unconfirmed_at = session.now
        reply.revision += 1
        tell(session, ReplyUnconfirmedV1(**replies.told(reply, networks[reply.conversation])))
        record(session, "reply.unconfirmed", f"reply/{reply.id}", person=reply.person)


def resend(session: Session, reply_id: str, stated: int | None) -> ReplyOut:
    """Tell anew that a reply may be sent, under its own id: a tool that sent it before only reports so again.

    Raises ReplyUnderWay unless it failed or is unconfirmed, Paused, NotFound or Stale.
    """
    reply = session.execute(select(Reply).where(col(Reply.id) == reply_id).with_for_update()).scalar()
    if reply is None or not people.reaches(session, reply.person):
        raise NotFound(f"There is no reply {reply_id}.")
    expect(reply.revision, stated)
    if reply.status != "failed" and (reply.status != "approved" or reply.unconfirmed_at is None):
        raise ReplyUnderWay
    one = session.get_one(Conversation, reply.conversation)
    replies.refuse_if_paused(session, one)
    reply.status, reply.error, reply.unconfirmed_at = "approved", None, None
    reply.told_at = reply.changed_at = session.now
    reply.times_told += 1
    reply.revision += 1
    tell(session, replies.approved(reply, one.network))
    record(session, "reply.resend", f"reply/{reply.id}", digest_of(reply.text), reply.person)
    session.flush()
    return reply_views(session, [reply])[0]
