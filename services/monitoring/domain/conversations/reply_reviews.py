"""Replies that were drawn after they went out, and what a trusted colleague thinks of them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import drafts
from services.monitoring.domain.conversations.showing import reply_views
from services.monitoring.domain.people import Actor
from services.monitoring.schemas.autonomy import SampleOut, SampleReviewIn
from services.monitoring.tables import Conversation, Reply, ReplySample
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import ReplyReviewedV1
from shared.evidence import digest_of
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, NotFound


class ReplyReviewed(Conflict):
    """Somebody has reviewed the reply already."""


def listed(session: Session, paging: PageQuery, caller: Principal, *, reviewed: bool) -> Page[SampleOut]:
    """List replies that were drawn, the oldest first, to those who may read replies and those who may review them."""
    statement = select(ReplySample).where(*people.reach(session, col(ReplySample.author)))
    done = col(ReplySample.reviewed_at).is_not(None)
    statement = statement.where(done if reviewed else ~done)
    if not caller.has("conversations:read"):
        statement = statement.where(reviewable(session, caller))
    rows: Page[ReplySample] = page(session, statement, paging, key=ReplySample.reply, to=lambda row: row)
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def reviewable(session: Session, caller: Principal) -> ColumnElement[bool]:
    """Return the condition on samples that a person may review, or that are of their own replies."""
    there = drafts.decidable_in(session, Actor(caller.id, caller.person, ""), select(ReplySample.reply))
    return or_(col(ReplySample.author) == (caller.person or ""), col(ReplySample.reply).in_(there))


def shown(session: Session, samples: Sequence[ReplySample]) -> list[SampleOut]:
    """Show samples with the replies that they are of."""
    found = session.execute(select(Reply).where(col(Reply.id).in_({one.reply for one in samples}))).scalars()
    views = {view.id: view for view in reply_views(session, list(found))}
    return [
        SampleOut(reply=views[one.reply], network=one.network, drawn_at=one.drawn_at, reviewed_at=one.reviewed_at)
        for one in samples
    ]


def review(session: Session, body: SampleReviewIn, caller: Principal) -> SampleOut:
    """Say what one thinks of a reply that was drawn: it counts for how far its author is trusted.

    Only what was drawn is reviewed, so that nobody picks out the bad ones, or the good. Raises NotFound for all others
    and for whoever may not know of it, OwnReply, NotTrusted or ReplyReviewed.
    """
    drawn = session.execute(select(ReplySample).where(col(ReplySample.reply) == body.reply).with_for_update()).scalar()
    if drawn is None or not people.reaches(session, drawn.author):
        raise NotFound(f"No reply {body.reply} was drawn.")
    reply = session.get_one(Reply, drawn.reply, with_for_update=True)
    one = session.get_one(Conversation, reply.conversation)
    reviewer = drafts.reviewing(session, reply, one, caller, body.employee_number)
    if drawn.reviewed_at is not None:
        raise ReplyReviewed
    drawn.reviewed_at = session.now
    drafts.review(session, reply, one, reviewer, body.outcome, digest_of(reply.text), body.reason)
    session.flush()
    tell(
        session,
        ReplyReviewedV1(
            id=reply.id,
            conversation=reply.conversation,
            network=one.network,
            person=reply.person,
            outcome=body.outcome,
        ),
    )
    return shown(session, [drawn])[0]
