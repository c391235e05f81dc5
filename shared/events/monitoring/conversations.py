"""Conversations with customers, and whom they are with."""

from datetime import datetime

from pydantic import BaseModel

from shared.events.base import Event, Operational, Personal, Public, told


class PassedOver(BaseModel):
    """A person whom the router did not choose, and why."""

    person: str
    why: str


class ConversationTold(Event):
    """What every conversation event carries: its state after the change, without the customer's words."""

    id: Public[str]
    network: Public[str]
    state: Operational[str]
    language: Public[str | None] = None
    topic: Public[str | None] = None
    assignee: Operational[str | None] = None
    assignment: Public[str | None] = None
    accept_by: Operational[datetime | None] = None
    theirs_until: Operational[datetime | None] = None
    opened_at: Operational[datetime]
    kind: Public[str | None] = None
    urgency: Operational[int | None] = None
    due_at: Operational[datetime | None] = None
    why: Personal[str | None] = None


@told
class ConversationOpenedV1(ConversationTold):
    """A customer's mention or message needs an answer."""

    type = "monitoring.conversation.opened.v1"
    begins = True


@told
class ConversationQueuedV1(ConversationTold):
    """Nobody can take a conversation at this moment; `missing` says what they all lack."""

    type = "monitoring.conversation.queued.v1"
    missing: Operational[str | None] = None


@told
class ConversationAssignedV1(ConversationTold):
    """A conversation is with a certified person until a deadline."""

    type = "monitoring.conversation.assigned.v1"


@told
class ConversationAcceptedV1(ConversationTold):
    """The assignee took the conversation on."""

    type = "monitoring.conversation.accepted.v1"


@told
class ConversationRescheduledV1(ConversationTold):
    """Whoever has the conversation has it until another time than was told: `accept_by` or `theirs_until` moved.

    A message reached them late, a pause or a colleague's turn stopped their time, or they did something about it.
    """

    type = "monitoring.conversation.rescheduled.v1"


@told
class ConversationReturnedV1(ConversationTold):
    """A conversation went back to the queue: silence, hand-off, absence or a lapsed certificate.

    `person` is who had accepted it and was silent since; for any other reason it is empty.
    """

    type = "monitoring.conversation.returned.v1"
    person: Operational[str | None] = None


@told
class ConversationAnsweredV1(ConversationTold):
    """The assignee replied; where they asked the customer something, the state is `waiting`."""

    type = "monitoring.conversation.answered.v1"


@told
class ConversationResolvedV1(ConversationTold):
    """The conversation is done."""

    type = "monitoring.conversation.resolved.v1"


@told
class ConversationReopenedV1(ConversationTold):
    """The customer wrote again soon after the conversation was resolved."""

    type = "monitoring.conversation.reopened.v1"


@told
class ConversationOverdueV1(ConversationTold):
    """The customer should have had an answer by `due_at`, and has none."""

    type = "monitoring.conversation.overdue.v1"
