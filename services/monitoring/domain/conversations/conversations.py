"""Conversations with customers: what colleagues do with them."""

from sqlmodel import col, select

from services.monitoring.domain import people
from services.monitoring.domain.conversations import promises
from services.monitoring.domain.conversations.showing import shown
from services.monitoring.domain.people import Actor
from services.monitoring.domain.routing import assignments
from services.monitoring.schemas.conversations import ConversationOut, HandoffIn
from services.monitoring.tables import Assignment, Availability, Conversation
from shared.conditions import expect
from shared.context import Principal
from shared.db import Session
from shared.events.monitoring import ConversationAcceptedV1, ConversationResolvedV1
from shared.evidence import record
from shared.outbox import tell
from shared.problems import Conflict, Forbidden, NotFound


class NotYourConversation(Forbidden):
    """The conversation is with somebody else, or not any more with who acts."""


class NotAssigned(Conflict):
    """The conversation is with nobody who could do this."""


def accept(
    session: Session, conversation_id: str, caller: Principal, employee_number: str | None, stated: int | None
) -> ConversationOut:
    """The assignee takes the conversation on; accepting twice changes nothing."""
    one, actor = with_actor(session, conversation_id, caller, employee_number, stated)
    if one.state == "assigned":
        take_on(session, one)
    elif one.state != "accepted":
        raise NotAssigned(f"The conversation is {one.state}.")
    record(session, "conversation.accept", f"conversation/{one.id}", person=actor.person)
    return shown(session, [one])[0]


def take_on(session: Session, one: Conversation) -> None:
    """Note that the assignee accepted."""
    one.state, one.accept_by = "accepted", None
    one.theirs_until = assignments.stays_until(session.get(Availability, one.assignee), session.now)
    one.revision += 1
    session.get_one(Assignment, one.assignment).accepted_at = session.now
    tell(session, ConversationAcceptedV1(**assignments.told(one)))


def hand_off(
    session: Session, conversation_id: str, body: HandoffIn, caller: Principal, stated: int | None
) -> ConversationOut:
    """The assignee gives the conversation to somebody else, who is found at once if there is anyone."""
    one, actor = with_actor(session, conversation_id, caller, body.employee_number, stated)
    assignments.take_back(session, one, assignments.HANDED_OFF)
    record(session, "conversation.hand_off", f"conversation/{one.id}", person=actor.person)
    assignments.place(session, [one])
    fill_after(session, actor)
    return shown(session, [one])[0]


def resolve(session: Session, conversation_id: str, caller: Principal, stated: int | None) -> ConversationOut:
    """Nothing more is to be done; whoever had it gets the next one that waits for them."""
    assignments.lock(session)
    one = get(session, conversation_id)
    expect(one.revision, stated)
    if not caller.has("conversations:write"):
        refuse_others(session, one, caller.person)
    if one.state != "resolved":
        assignments.end_assignment(session, one, "resolved")
        promises.settle(session, one, "withdrawn")
        one.state, one.open_key, one.accept_by = "resolved", None, None
        one.resolved_at = session.now
        one.revision += 1
        tell(session, ConversationResolvedV1(**assignments.told(one)))
        record(session, "conversation.resolve", f"conversation/{one.id}", person=one.assignee)
        session.flush()
        if one.assignee is not None:
            assignments.fill(session, [one.assignee])
    return shown(session, [one])[0]


def with_actor(
    session: Session, conversation_id: str, caller: Principal, employee_number: str | None, stated: int | None
) -> tuple[Conversation, Actor]:
    """Return a conversation and whom it is with, who acts; a key that names nobody acts for the assignee.

    Raises NotAssigned while it is with nobody, NotFound or NotYourConversation when the actor is somebody else.
    """
    assignments.lock(session)
    one = get(session, conversation_id)
    actor = people.acting(session, caller, employee_number)
    if not caller.has("conversations:write"):
        refuse_others(session, one, actor.person)
    expect(one.revision, stated)
    if one.assignee is None or one.state == "resolved":
        raise NotAssigned(f"The conversation is {one.state}.")
    if actor.person is None and not caller.signed_in:
        return one, Actor(one.assignee, one.assignee, "")
    if actor.person != one.assignee:
        raise NotYourConversation("The conversation is with somebody else.")
    return one, actor


def refuse_others(session: Session, one: Conversation, person: str | None) -> None:
    """Raise NotYourConversation for who had the conversation and has it no more, NotFound for who never had it."""
    if person is not None and person == one.assignee:
        return
    if person is not None:
        had = select(Assignment.id).where(col(Assignment.conversation) == one.id, col(Assignment.person) == person)
        if session.execute(had.limit(1)).scalar() is not None:
            raise NotYourConversation("The conversation is not with you any more; nothing was changed or sent.")
    raise NotFound(f"There is no conversation {one.id}.")


def fill_after(session: Session, actor: Actor) -> None:
    """Give whoever has room again what waits for them."""
    session.flush()
    if actor.person is not None and session.get(Availability, actor.person) is not None:
        assignments.fill(session, [actor.person])


def get(session: Session, conversation_id: str) -> Conversation:
    """Return a conversation, locked for change; raises NotFound, also for one in a department closed to the caller."""
    row: Conversation | None = session.execute(
        select(Conversation).where(col(Conversation.id) == conversation_id).with_for_update()
    ).scalar()
    if row is None or not (row.assignee is None or people.reaches(session, row.assignee)):
        raise NotFound(f"There is no conversation {conversation_id}.")
    return row
