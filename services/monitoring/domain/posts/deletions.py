"""Posts that were deleted at their network: they stay as history, and nobody works on them any more."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.coaching import matches
from services.monitoring.domain.conversations import conversations
from services.monitoring.domain.figures import hours
from services.monitoring.domain.posts import origins
from services.monitoring.domain.routing import assignments
from services.monitoring.schemas.posts import DeletionIn, PostAnswer
from services.monitoring.tables import Conversation, JudgementDue, Message, Post, Reply
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import PostDeletedV1
from shared.evidence import Deed, digest_of, record_all
from shared.outbox import tell

UNKNOWN = "there is no such post"
OURSELVES = Principal("service:monitoring", scopes=frozenset({"conversations:write"}))


def delete_all(session: Session, deletions: Sequence[DeletionIn], source: str | None) -> list[PostAnswer]:
    """Note that posts were deleted, pushed or read from a source, and say of each what became of it."""
    if not deletions:
        return []
    identities = {(one.network, one.network_id) for one in deletions}
    there = select(Post).where(
        col(Post.network).in_({network for network, _ in identities}),
        col(Post.network_id).in_({network_id for _, network_id in identities}),
    )
    if session.execute(there.limit(1)).first() is None:
        return [PostAnswer(one.network, one.network_id, "rejected", UNKNOWN) for one in deletions]
    assignments.lock(session)
    rows = session.execute(there.order_by(col(Post.id)).with_for_update()).scalars()
    known = {(row.network, row.network_id): row for row in rows}
    gone: list[Post] = []
    answers = [mark(session, known.get((one.network, one.network_id)), one, source, gone) for one in deletions]
    follow(session, gone)
    return answers


def mark(session: Session, post: Post | None, body: DeletionIn, source: str | None, gone: list[Post]) -> PostAnswer:
    """Mark one post as deleted; a time that lies ahead is now."""
    if post is None:
        return PostAnswer(body.network, body.network_id, "rejected", UNKNOWN)
    if post.deleted_at is not None:
        return PostAnswer(body.network, body.network_id, "duplicate", "deleted", post.id)
    why = origins.objection(session, post, source)
    if why is not None:
        return PostAnswer(body.network, body.network_id, "rejected", why)
    post.deleted_at = min(body.deleted_at or session.now, session.now)
    post.revision += 1
    gone.append(post)
    return PostAnswer(body.network, body.network_id, "accepted", "deleted", post.id)


def follow(session: Session, gone: Sequence[Post]) -> None:
    """Tell of posts that were deleted, prove it, and end what waited for somebody because of them."""
    if not gone:
        return
    session.flush()
    ids = [post.id for post in gone]
    tell(session, *(PostDeletedV1(id=post.id, deleted_at=post.deleted_at or session.now) for post in gone))
    record_all(session, [Deed("post.delete", f"post/{post.id}", digest_of(post.text), post.person) for post in gone])
    hours.count(session, *(deletion_of(post, post.deleted_at or session.now) for post in gone))
    session.execute(delete(JudgementDue).where(col(JudgementDue.post).in_(ids)))
    matches.end_of_posts(session, ids)
    for conversation in unanswered(session, ids):
        conversations.resolve(session, conversation, OURSELVES, None)


def deletion_of(post: Post, at: datetime) -> hours.Happening:
    """Return what counts of a deletion."""
    return hours.happening("deletions", at, post.network, department=post.department, kind=post.kind)


def unanswered(session: Session, posts: Sequence[str]) -> list[str]:
    """Return the open conversations in which now nothing stands any more that anybody asked, and nobody answered."""
    asked = select(Message.conversation).where(col(Message.post).in_(posts)).distinct()
    rows = session.execute(
        select(Conversation.id, Conversation.assignee).where(
            col(Conversation.id).in_(asked), col(Conversation.open_key).is_not(None)
        )
    ).all()
    left = (
        select(Message.conversation)
        .outerjoin(Post, col(Post.id) == col(Message.post))
        .where(col(Message.conversation).in_([row[0] for row in rows]), col(Post.deleted_at).is_(None))
    )
    busy = {*session.execute(left).scalars()}
    answered = select(Reply.conversation).where(col(Reply.conversation).in_([row[0] for row in rows]))
    busy |= {*session.execute(answered).scalars()}
    return [one for one, assignee in rows if one not in busy and (not assignee or people.reaches(session, assignee))]
