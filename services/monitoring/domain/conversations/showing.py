"""Conversations as they are shown: with employee numbers in place of ids."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.schemas.conversations import (
    ConversationDetailOut,
    ConversationKind,
    ConversationOut,
    ConversationState,
    MessageOut,
    NoteOut,
    PassedOverOut,
    ReplyOut,
    WhyOut,
)
from services.monitoring.tables import Conversation, Message, Note, Reply
from shared.context import Principal
from shared.db import Session
from shared.pages import Page, PageQuery, page
from shared.problems import NotFound

SHOWN = 500
EARLIER = 20
"""Conversations with a customer of before that are shown beside one."""
SAID_EARLIER = 50
Said = TypeVar("Said", Message, Reply, Note)


def shown(session: Session, conversations: Sequence[Conversation]) -> list[ConversationOut]:
    """Show conversations with whom they are with and who was passed over, as far as the caller may see them."""
    ids = {one.assignee for one in conversations} | {
        past["person"] for one in conversations for past in one.passed_over
    }
    numbers = people.numbers(session, ids)
    hidden = people.unreached(session, ids)
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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which conversations a list shows."""

    state: ConversationState | None = None
    employee_number: str | None = None
    kind: ConversationKind | None = None
    overdue: bool | None = None


def listed(session: Session, paging: PageQuery, caller: Principal, only: Filter) -> Page[ConversationOut]:
    """List conversations, the newest first; without the right to read all, only one's own.

    A key that is limited to departments sees those that are with their people, or with nobody.
    """
    statement = select(Conversation)
    for limit in people.reach(session, col(Conversation.assignee)):
        statement = statement.where(limit | col(Conversation.assignee).is_(None))
    for column, value in (
        (Conversation.state, only.state),
        (Conversation.kind, only.kind),
        (Conversation.overdue, only.overdue),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    if only.employee_number is not None:
        statement = statement.where(col(Conversation.assignee) == people.asked_for(session, only.employee_number))
    if not caller.has("conversations:read"):
        statement = statement.where(col(Conversation.assignee) == (caller.person or ""))
    rows: Page[Conversation] = page(
        session, statement, paging, key=Conversation.id, to=lambda row: row, newest_first=True
    )
    return Page(items=shown(session, rows.items), next_cursor=rows.next_cursor)


def detail(session: Session, conversation_id: str, caller: Principal) -> ConversationDetailOut:
    """Show one conversation with all that was said; somebody else's is not found."""
    return details(session, [readable(session, conversation_id, caller)], SHOWN)[0]


def earlier(session: Session, conversation_id: str, caller: Principal) -> Page[ConversationDetailOut]:
    """Show the last other conversations with the same customer on the same network, the newest first."""
    one = readable(session, conversation_id, caller)
    statement = select(Conversation).where(
        col(Conversation.network) == one.network,
        col(Conversation.customer) == one.customer,
        col(Conversation.id) != one.id,
    )
    for limit in people.reach(session, col(Conversation.assignee)):
        statement = statement.where(limit | col(Conversation.assignee).is_(None))
    rows = session.execute(statement.order_by(col(Conversation.id).desc()).limit(EARLIER)).scalars()
    return Page(items=details(session, list(rows), SAID_EARLIER), next_cursor=None)


def readable(session: Session, conversation_id: str, caller: Principal) -> Conversation:
    """Return a conversation; raises NotFound for somebody else's."""
    one = session.get(Conversation, conversation_id)
    if one is None or not visible(session, one, caller):
        raise NotFound(f"There is no conversation {conversation_id}.")
    return one


def details(session: Session, conversations: Sequence[Conversation], most: int) -> list[ConversationDetailOut]:
    """Show conversations, each with the last `most` messages, replies and notes."""
    return [
        ConversationDetailOut(
            **out.model_dump(),
            messages=[MessageOut.model_validate(row) for row in last_of(session, Message, out.id, most)],
            replies=reply_views(session, last_of(session, Reply, out.id, most)),
            notes=note_views(session, last_of(session, Note, out.id, most)),
        )
        for out in shown(session, conversations)
    ]


def last_of(session: Session, table: type[Said], conversation: str, most: int) -> list[Said]:
    """Return the last rows of a conversation in one table, the oldest first."""
    rows = select(table).where(col(table.conversation) == conversation).order_by(col(table.id).desc()).limit(most)
    return list(session.execute(rows).scalars())[::-1]


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


def note_views(session: Session, notes: Sequence[Note]) -> list[NoteOut]:
    """Show notes with the employee numbers of who wrote them."""
    numbers = people.numbers(session, {note.person for note in notes})
    return [
        NoteOut.model_validate({**note.model_dump(), "person": numbers.get(note.person or "", note.person)})
        for note in notes
    ]
