"""What is kept for its time only: words and names go by the clock, some at a time; that something happened stays.

So counts can be found anew from what is kept, and a post that comes in again is still known. Nothing that is held
(see `holds`) is touched.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from services.monitoring.domain.coaching.findings import WAITING
from services.monitoring.domain.keeping.holds import Held, held
from services.monitoring.settings import terms
from services.monitoring.tables import (
    Assignment,
    AutonomyChange,
    Contact,
    Conversation,
    DroppedPosts,
    Finding,
    Guidance,
    GuidanceMessage,
    Message,
    Note,
    Post,
    PostText,
    Reply,
    ReplyReview,
    ReplySample,
    SupervisionExport,
    SupervisionPart,
)
from shared.db import Session
from shared.erasure import GONE
from shared.evidence import record

AT_ONCE = 500


def kept() -> dict[str, timedelta | None]:
    """Return how long each kind of data is kept; None: until the person is erased."""
    return {
        "posts": terms().posts_kept,
        "findings": terms().findings_kept,
        "guidance": terms().guidance_kept,
        "changes of autonomy": terms().guidance_kept,
        "conversations": terms().conversations_kept,
        "replies": terms().conversations_kept,
        "files for supervisors": terms().conversations_kept,
        "counts of dropped posts": terms().dropped_kept,
        "accounts": None,
        "availability": None,
    }


def forget_old(session: Session) -> None:
    """Forget what is due, a chunk of each kind."""
    holding = held(session)
    for kind, count in (
        ("posts", forget_posts(session, session.now - terms().posts_kept, holding)),
        ("findings", forget_findings(session, session.now - terms().findings_kept, holding)),
        ("guidance", forget_guidance(session, session.now - terms().guidance_kept, holding)),
        ("changes of autonomy", forget_autonomy(session, session.now - terms().guidance_kept, holding)),
        ("conversations", forget_conversations(session, session.now - terms().conversations_kept, holding)),
        ("files for supervisors", forget_exports(session, session.now - terms().conversations_kept, holding)),
        ("counts of dropped posts", forget_dropped(session, session.now - terms().dropped_kept)),
    ):
        if count:
            record(session, "retention.forgotten", f"{kind.replace(' ', '_')}/{count}")


def first_id_of(moment: datetime) -> str:
    """Return what no id that was made before a moment comes behind: ours begin with their time (UUIDv7)."""
    made = f"{int(moment.timestamp() * 1000):012x}"
    return f"{made[:8]}-{made[8:]}"


def free_of(column: Any, subjects: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a column names nothing that is held."""
    return or_(column.is_(None), column.not_in(subjects))


def forget_posts(session: Session, before: datetime, holding: Held) -> int:
    """Forget the words and authors of posts, of which nothing waits for a coach. Return of how many."""
    waits = select(col(Finding.post)).where(col(Finding.state).in_(WAITING))
    answered = select(col(Message.post)).where(
        col(Message.conversation).in_(holding.conversations), col(Message.post).is_not(None)
    )
    due = select(col(Post.id)).where(
        col(Post.id) < first_id_of(before),
        col(Post.forgotten_at).is_(None),
        col(Post.id).not_in(waits),
        col(Post.id).not_in(answered),
        free_of(col(Post.person), holding.persons),
        free_of(col(Post.network), holding.networks),
    )
    old = list(session.execute(due.order_by(col(Post.id)).limit(AT_ONCE)).scalars())
    if old:
        session.execute(delete(PostText).where(col(PostText.post).in_(old)))
        session.execute(delete(Contact).where(col(Contact.post).in_(old)))
        blank = {"author": GONE, "text": GONE, "in_reply_to": None, "url": None, "media": None, "person": None}
        change = update(Post).where(col(Post.id).in_(old))
        session.execute(change.values(forgotten_at=session.now, revision=Post.revision + 1, **blank))
    return len(old)


def forget_findings(session: Session, before: datetime, holding: Held) -> int:
    """Forget whom findings were about and who saw to them, once they are over. Return of how many."""
    due = select(col(Finding.id)).where(
        col(Finding.id) < first_id_of(before),
        col(Finding.changed_at) < before,
        col(Finding.forgotten_at).is_(None),
        col(Finding.state).not_in(WAITING),
        free_of(col(Finding.person), holding.persons),
        free_of(col(Finding.coach), holding.persons),
        free_of(col(Finding.network), holding.networks),
    )
    old = list(session.execute(due.order_by(col(Finding.id)).limit(AT_ONCE)).scalars())
    if old:
        blank = {"person": None, "coach": None, "reason": None}
        change = update(Finding).where(col(Finding.id).in_(old))
        session.execute(change.values(forgotten_at=session.now, revision=Finding.revision + 1, **blank))
    return len(old)


def forget_guidance(session: Session, before: datetime, holding: Held) -> int:
    """Forget what was said about posts, to whom and by whom. Return of how many."""
    networks = select(col(Post.id)).where(col(Post.network).in_(holding.networks))
    due = select(col(Guidance.id)).where(
        col(Guidance.id) < first_id_of(before),
        col(Guidance.changed_at) < before,
        col(Guidance.forgotten_at).is_(None),
        free_of(col(Guidance.person), holding.persons),
        free_of(col(Guidance.coach), holding.persons),
        or_(col(Guidance.post).is_(None), col(Guidance.post).not_in(networks)),
    )
    old = list(session.execute(due.order_by(col(Guidance.id)).limit(AT_ONCE)).scalars())
    if old:
        session.execute(delete(GuidanceMessage).where(col(GuidanceMessage.guidance).in_(old)))
        blank = {"message": GONE, "better_wording": None, "appeal": None, "person": None, "coach": GONE}
        change = update(Guidance).where(col(Guidance.id).in_(old))
        session.execute(change.values(forgotten_at=session.now, revision=Guidance.revision + 1, **blank))
    return len(old)


def forget_autonomy(session: Session, before: datetime, holding: Held) -> int:
    """Forget who said how far somebody is trusted, but what was said last: the level rests on it. Return of how many."""
    later = aliased(AutonomyChange)
    same = (col(later.person) == col(AutonomyChange.person), col(later.network) == col(AutonomyChange.network))
    due = select(col(AutonomyChange.id)).where(
        col(AutonomyChange.id) < first_id_of(before),
        exists().where(*same, col(later.id) > col(AutonomyChange.id)).correlate(AutonomyChange),
        free_of(col(AutonomyChange.person), holding.persons),
        free_of(col(AutonomyChange.coach), holding.persons),
        free_of(col(AutonomyChange.network), holding.networks),
    )
    old = list(session.execute(due.order_by(col(AutonomyChange.id)).limit(AT_ONCE)).scalars())
    if old:
        session.execute(delete(AutonomyChange).where(col(AutonomyChange.id).in_(old)))
    return len(old)


def forget_conversations(session: Session, before: datetime, holding: Held) -> int:
    """Forget customers and what was said, once a conversation has long been resolved. Return of how many."""
    answered = select(col(Reply.conversation)).where(col(Reply.person).in_(holding.persons))
    had = select(col(Assignment.conversation)).where(col(Assignment.person).in_(holding.persons))
    due = select(col(Conversation.id)).where(
        col(Conversation.id) < first_id_of(before),
        col(Conversation.resolved_at) < before,
        col(Conversation.forgotten_at).is_(None),
        col(Conversation.id).not_in(holding.conversations),
        col(Conversation.id).not_in(answered),
        col(Conversation.id).not_in(had),
        free_of(col(Conversation.network), holding.networks),
    )
    old = list(session.execute(due.order_by(col(Conversation.id)).limit(AT_ONCE)).scalars())
    if not old:
        return 0
    for table in (Message, Note, Assignment):
        session.execute(delete(table).where(col(table.conversation).in_(old)))
    replies = select(col(Reply.id)).where(col(Reply.conversation).in_(old))
    session.execute(delete(ReplySample).where(col(ReplySample.reply).in_(replies)))
    reviewed = {"author": GONE, "reviewer": GONE, "reason": None}
    session.execute(update(ReplyReview).where(col(ReplyReview.reply).in_(replies)).values(**reviewed))
    said = {"text": GONE, "person": GONE, "network_id": None, "error": None}
    session.execute(update(Reply).where(col(Reply.conversation).in_(old)).values(revision=Reply.revision + 1, **said))
    blank: dict[str, Any] = {"customer": GONE, "assignee": None, "chosen": None, "passed_over": [], "given_back": []}
    change = update(Conversation).where(col(Conversation.id).in_(old)).execution_options(synchronize_session=False)
    thread = "forgotten:" + col(Conversation.id)
    session.execute(change.values(forgotten_at=session.now, thread=thread, revision=Conversation.revision + 1, **blank))
    return len(old)


def forget_exports(session: Session, before: datetime, holding: Held) -> int:
    """Remove the files of old exports; while anything at all is held, none, since each may hold some of it."""
    if holding:
        return 0
    due = select(col(SupervisionPart.export), col(SupervisionPart.number)).join(
        SupervisionExport, col(SupervisionExport.id) == col(SupervisionPart.export)
    )
    old = session.execute(due.where(col(SupervisionExport.finished_at) < before).limit(AT_ONCE)).all()
    for export, number in old:
        session.execute(
            delete(SupervisionPart).where(col(SupervisionPart.export) == export, col(SupervisionPart.number) == number)
        )
    return len(old)


def forget_dropped(session: Session, before: datetime) -> int:
    """Forget how many posts were dropped long ago, an hour of it at a time. Return of how many counts."""
    hour = session.execute(select(DroppedPosts.hour).order_by(col(DroppedPosts.hour)).limit(1)).scalar()
    if hour is None or hour >= before:
        return 0
    return int(session.execute(delete(DroppedPosts).where(col(DroppedPosts.hour) == hour)).rowcount)  # type: ignore[attr-defined]
