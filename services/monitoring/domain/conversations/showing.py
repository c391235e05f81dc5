"""Conversations as they are shown: with employee numbers in place of ids."""

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.schemas.conversations import (
    ConversationDetailOut,
    ConversationOut,
    ConversationState,
    MessageOut,
    PassedOverOut,
    ReplyOut,
    WhyOut,
)
from services.monitoring.tables import Conversation, Message, Reply
from shared.context import Principal
from shared.db import Session
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound

SHOWN = 500


def shown(session: Session, conversations: Sequence[Conversation]) -> list[ConversationOut]:
    """Show conversations with whom they are with and who was passed over, as far as the caller may see them."""
    ids = {one.assignee for one in conversations} | {
        past["person"] for one in conversations for past in one.passed_over
    }
    numbers = people.numbers(session, ids)
    hidden = {person for person in ids if not people.reaches(session, person)}
    return [show(one, numbers, hidden) for one in conversations]


def show(one: Conversation, numbers: dict[str, str], hidden: Collection[str | None]) -> ConversationOut:
    """Show one conversation."""
    passed_over = [
        PassedOverOut(person=numbers.get(past["person"], past["person"]), why=past["why"])
        for past in one.passed_over
        if past["person"] not in hidden
    ]
    assignee = numbers.get(one.assignee, one.assignee) if one.assignee else None
    chosen = f"{assignee} {one.chosen}" if one.chosen else None
    why = WhyOut(chosen=chosen, passed_over=passed_over)
    return ConversationOut.model_validate({**one.model_dump(), "assignee": assignee, "why": why})


def listed(
    session: Session, paging: PageQuery, caller: Principal, state: ConversationState | None, employee_number: str | None
) -> Page[ConversationOut]:
    """List conversations, the newest first; without the right to read all, only one's own.

    A key that is limited to departments sees those that are with their people, or with nobody.
    """
    statement = select(Conversation)
    for limit in people.reach(session, col(Conversation.assignee)):
        statement = statement.where(limit | col(Conversation.assignee).is_(None))
    if state is not None:
        statement = statement.where(col(Conversation.state) == state)
    if employee_number is not None:
        statement = statement.where(col(Conversation.assignee) == people.by_number(session, employee_number).id)
    if not caller.has("conversations:read"):
        statement = statement.where(col(Conversation.assignee) == (caller.person or ""))
    rows: Page[Conversation] = page(
        session, statement, paging, key=Conversation.id, to=lambda row: row, newest_first=True
    )
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def detail(session: Session, conversation_id: str, caller: Principal) -> ConversationDetailOut:
    """Show one conversation with all that was said; somebody else's is not found."""
    one = session.get(Conversation, conversation_id)
    if one is None or not visible(session, one, caller):
        raise NotFound(f"There is no conversation {conversation_id}.")
    messages = select(Message).where(col(Message.conversation) == one.id).order_by(col(Message.id).desc()).limit(SHOWN)
    replies = select(Reply).where(col(Reply.conversation) == one.id).order_by(col(Reply.id))
    said = [MessageOut.model_validate(row) for row in session.execute(messages).scalars()][::-1]
    answered = reply_views(session, list(session.execute(replies).scalars()))
    return ConversationDetailOut(**shown(session, [one])[0].model_dump(), messages=said, replies=answered)


def visible(session: Session, one: Conversation, caller: Principal) -> bool:
    """Tell whether a caller may see a conversation."""
    if not caller.has("conversations:read"):
        return caller.person is not None and caller.person == one.assignee
    return one.assignee is None or people.reaches(session, one.assignee)


def reply_views(session: Session, replies: Sequence[Reply]) -> list[ReplyOut]:
    """Show replies with the employee numbers of who wrote them."""
    numbers = people.numbers(session, {reply.person for reply in replies})
    return [
        ReplyOut.model_validate({**reply.model_dump(), "person": numbers.get(reply.person, reply.person)})
        for reply in replies
    ]
