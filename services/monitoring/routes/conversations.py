"""/v1/conversations: threads with customers, each with somebody who is certified and has room."""

from typing import Annotated

from fastapi import Query, Response, status

from services.monitoring.domain.conversations import conversations, inbound, notes, replies, showing
from services.monitoring.domain.people import FiguresSwitchedOff, UnknownPerson
from services.monitoring.schemas.conversations import (
    AcceptanceIn,
    ConversationDetailOut,
    ConversationIn,
    ConversationKind,
    ConversationOut,
    ConversationState,
    HandoffIn,
    MessageIn,
    NoteIn,
    NoteOut,
    ReplyIn,
    ReplyOut,
    ResolutionIn,
)
from services.monitoring.schemas.names import Id
from shared.areas import Router
from shared.auth import Caller, needs
from shared.conditions import IfMatch, revised
from shared.pages import Page, Paging
from shared.problems import NotFound, Stale, problems
from shared.requests import Db
from shared.schemas import EmployeeNumber

router = Router(prefix="/v1/conversations", tags=["conversations"])

WORKING = (NotFound, UnknownPerson, conversations.NotYourConversation, conversations.NotAssigned, Stale)


@router.get(
    "", dependencies=[needs("conversations:read", "self")], responses=problems(UnknownPerson, FiguresSwitchedOff)
)
async def list_conversations(
    paging: Paging,
    db: Db,
    caller: Caller,
    state: ConversationState | None = None,
    employee_number: EmployeeNumber | None = None,
    kind: ConversationKind | None = None,
    overdue: Annotated[bool | None, Query(description="Those whose answer is late, or those whose is not.")] = None,
) -> Page[ConversationOut]:
    """List conversations, the newest first; a person sees their own."""
    return await db.read(showing.listed, paging, caller, showing.Filter(state, employee_number, kind, overdue))


@router.post("", dependencies=[needs("conversations:write")])
async def push_conversation(body: ConversationIn, db: Db) -> ConversationOut:
    """Push a thread in from an inbox tool; the same thread again adds only messages that are new."""
    return await db.write(inbound.push, body)


@router.get("/{conversation_id}", dependencies=[needs("conversations:read", "self")], responses=problems(NotFound))
async def get_conversation(conversation_id: Id, db: Db, caller: Caller, response: Response) -> ConversationDetailOut:
    """Return one conversation with its last messages, our replies and colleagues' notes."""
    found = await db.read(showing.detail, conversation_id, caller)
    response.headers["ETag"] = revised(found.revision, found)
    return found


@router.get(
    "/{conversation_id}/earlier", dependencies=[needs("conversations:read", "self")], responses=problems(NotFound)
)
async def list_earlier_conversations(conversation_id: Id, db: Db, caller: Caller) -> Page[ConversationDetailOut]:
    """List the last 20 other conversations with the same customer on the same network, to those who may read this one."""
    return await db.read(showing.earlier, conversation_id, caller)


@router.post(
    "/{conversation_id}/notes",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("conversations:write", "self")],
    responses=problems(NotFound, UnknownPerson),
)
async def add_note(conversation_id: Id, body: NoteIn, db: Db, caller: Caller) -> NoteOut:
    """Note something for colleagues, such as the question that one has asked the task team."""
    return await db.write(notes.add, conversation_id, body, caller)


@router.post(
    "/{conversation_id}/messages",
    dependencies=[needs("conversations:write")],
    responses=problems(NotFound, inbound.AlreadyResolved),
)
async def add_message(conversation_id: Id, body: MessageIn, db: Db) -> ConversationOut:
    """Add a customer's message; the same network id again changes nothing."""
    return await db.write(inbound.add_message, conversation_id, body)


@router.post(
    "/{conversation_id}/acceptance", dependencies=[needs("conversations:write", "self")], responses=problems(*WORKING)
)
async def accept_conversation(
    conversation_id: Id, body: AcceptanceIn, db: Db, caller: Caller, if_match: IfMatch
) -> ConversationOut:
    """Take on a conversation that one was given."""
    return await db.write(conversations.accept, conversation_id, caller, body.employee_number, if_match)


@router.post(
    "/{conversation_id}/handoff", dependencies=[needs("conversations:write", "self")], responses=problems(*WORKING)
)
async def hand_off_conversation(
    conversation_id: Id, body: HandoffIn, db: Db, caller: Caller, if_match: IfMatch
) -> ConversationOut:
    """Give a conversation to somebody else."""
    return await db.write(conversations.hand_off, conversation_id, body, caller, if_match)


@router.post(
    "/{conversation_id}/reply",
    status_code=status.HTTP_201_CREATED,
    dependencies=[needs("conversations:write", "self")],
    responses=problems(*WORKING, replies.Paused, replies.AssigneeNotCertified, replies.ReplyBlocked, replies.ReplyHeld),
)
async def reply_to_conversation(
    conversation_id: Id, body: ReplyIn, db: Db, caller: Caller, if_match: IfMatch
) -> ReplyOut:
    """Answer the customer; the text is checked against the rules in force first."""
    return await db.write(replies.send, conversation_id, body, caller, if_match)


@router.post(
    "/{conversation_id}/resolution",
    dependencies=[needs("conversations:write", "self")],
    responses=problems(NotFound, Stale),
)
async def resolve_conversation(
    conversation_id: Id, body: ResolutionIn, db: Db, caller: Caller, if_match: IfMatch
) -> ConversationOut:
    """Say that nothing more is to be done."""
    del body
    return await db.write(conversations.resolve, conversation_id, caller, if_match)
