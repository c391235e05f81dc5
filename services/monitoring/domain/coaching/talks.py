"""Talks about guidance, between a person and their coach, and praise, which begins one without a finding."""

from sqlmodel import col, func, select

from services.monitoring.domain import people
from services.monitoring.domain.coaching import guidance
from services.monitoring.domain.people import Actor
from services.monitoring.schemas.guidance import GuidanceOut, MessageIn, MessageOut, PraiseIn
from services.monitoring.tables import Guidance, GuidanceMessage, Post
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import GuidanceDiscussedV1
from shared.evidence import digest_of
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Forbidden, NotFound

MOST = 20


class TalkTooLong(Conflict):
    """A talk has at most 20 messages: what takes longer is better said in person."""


class NobodyToPraise(Conflict):
    """Nobody of ours wrote the post."""


class OwnPost(Forbidden):
    """Nobody praises themselves."""


def praise(session: Session, body: PraiseIn, caller: Principal) -> GuidanceOut:
    """Tell the author of a post that something was done well; raises NotFound, NobodyToPraise or OwnPost."""
    post = session.get(Post, body.post)
    if post is None or not (caller.departments is None or post.department in caller.departments):
        raise NotFound(f"There is no post {body.post}.")
    actor = people.acting(session, caller, body.employee_number)
    if post.person is None:
        raise NobodyToPraise
    if post.person == actor.person:
        raise OwnPost
    row = Guidance(
        id=new_id(),
        kind="praise",
        post=post.id,
        person=post.person,
        department=post.department,
        coach=actor.id,
        message=body.message,
        state="given",
        given_at=session.now,
        changed_at=session.now,
    )
    guidance.keep(session, row)
    return guidance.shown(session, [row], [actor.id])[0]


def say(session: Session, guidance_id: str, body: MessageIn, caller: Principal) -> MessageOut:
    """Add to the talk, as the person or as their coach; to everybody else there is no such talk.

    A key that may write speaks for whom it names, as far as that is one of the two.
    """
    row = session.execute(select(Guidance).where(col(Guidance.id) == guidance_id).with_for_update()).scalar()
    actor = people.acting(session, caller, body.employee_number)
    side = side_of(row, actor) if row is not None else None
    if row is None or side is None:
        raise NotFound(f"There is no guidance {guidance_id}.")
    said = select(func.count()).select_from(GuidanceMessage).where(col(GuidanceMessage.guidance) == row.id)
    if session.execute(said).scalar_one() >= MOST:
        raise TalkTooLong
    message = GuidanceMessage(
        id=new_id(), guidance=row.id, side=side, author=actor.id, text=body.text, sent_at=session.now
    )
    session.add(message)
    row.changed_at = session.now
    row.revision += 1
    if side == "person":
        row.read_at = row.read_at or session.now
    session.flush()
    tell(session, GuidanceDiscussedV1(**guidance.told(row)))
    guidance.prove(session, "discuss", row, digest_of(body.text))
    return shown(message, {actor.id: actor.name})


def side_of(row: Guidance, actor: Actor) -> str | None:
    """Return on which side of a talk somebody is, if on any."""
    if actor.person is not None and actor.person == row.person:
        return "person"
    return "coach" if actor.id == row.coach else None


def listed(session: Session, paging: PageQuery, guidance_id: str, caller: Principal) -> Page[MessageOut]:
    """List what was said, the first word first, to the two and to who looks again at an appeal; raises NotFound."""
    row = session.get(Guidance, guidance_id)
    if row is None or guidance.shown(session, [row], guidance.readers(caller))[0].withheld:
        raise NotFound(f"There is no guidance {guidance_id}.")
    statement = select(GuidanceMessage).where(col(GuidanceMessage.guidance) == guidance_id)
    rows: Page[GuidanceMessage] = page(session, statement, paging, key=GuidanceMessage.id, to=lambda one: one)
    numbers = people.numbers(session, {one.author for one in rows.items})
    return Page(items=[shown(one, numbers) for one in rows.items], next_cursor=rows.next_cursor)


def shown(message: GuidanceMessage, numbers: dict[str, str]) -> MessageOut:
    """Show a message with its author's employee number."""
    return MessageOut.model_validate({**message.model_dump(), "author": numbers.get(message.author, message.author)})
