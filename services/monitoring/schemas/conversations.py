"""Conversations with customers, and replies."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.monitoring.schemas.names import Handle, Instant, Language, Network, NetworkId, Topic, Words
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Text

ReplyStatus = Literal["approved", "delivered", "failed", "held", "refused"]
ConversationState = Literal["queued", "assigned", "accepted", "answered", "resolved"]


class MessageIn(Body):
    """One message of a customer."""

    network_id: NetworkId
    text: Words
    author: Handle | None = None
    sent_at: Instant | None = None


class ConversationIn(Body):
    """A thread of an inbox tool; the same network and thread is the same conversation while it is open."""

    network: Network
    thread: NetworkId
    customer: Handle
    language: Language | None = None
    topic: Topic | None = None
    messages: Annotated[list[MessageIn], Field(max_length=100, default_factory=list)]


class AcceptanceIn(Body):
    """Who accepts: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class HandoffIn(Body):
    """Why somebody else should take it."""

    reason: Annotated[Paragraph, Field(examples=["It is about an order, and I know only repairs."])]
    employee_number: EmployeeNumber | None = None


class ReplyIn(Body):
    """What shall be sent to the customer."""

    text: Annotated[
        Text, Field(min_length=1, max_length=20_000, examples=["Thank you for telling us! We look into it today."])
    ]
    employee_number: EmployeeNumber | None = None
    approval_request: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f-]{36}$",
            description="The approval request for exactly this text, where the rules hold it: the reply waits for the decision, and goes out once it is approved.",
        ),
    ] = None


class ResolutionIn(Body):
    """That nothing more is to be done."""


class PassedOverOut(Resource):
    """A colleague who was not chosen, and why."""

    person: str
    why: str


class WhyOut(Resource):
    """Why the conversation is with whom it is with."""

    chosen: str | None
    passed_over: list[PassedOverOut]


class ConversationOut(Resource):
    """A thread with a customer that needs an answer; `missing` says what nobody has who could take it."""

    id: str
    network: str
    thread: str
    customer: str
    language: str | None
    topic: str | None
    state: ConversationState
    assignee: str | None
    accept_by: datetime | None
    opened_at: datetime
    queued_at: datetime
    missing: str | None
    why: WhyOut
    revision: int


class MessageOut(Resource):
    """One message of a customer."""

    id: str
    network_id: str
    author: str
    text: str
    sent_at: datetime
    post: str | None


class ReplyOut(Resource):
    """An answer to a customer; `advice` is what the rules suggest all the same.

    `held` waits for an approval; `refused` was not approved, or could not go out when it was: `error` says why.
    """

    id: str
    conversation: str
    person: str
    text: str
    status: ReplyStatus
    network_id: str | None
    error: str | None
    approval_request: str | None = None
    approved_at: datetime
    revision: int
    advice: list[str] = Field(default_factory=list)


class ConversationDetailOut(ConversationOut):
    """A conversation with all that was said."""

    messages: list[MessageOut]
    replies: list[ReplyOut]


class DeliveryIn(Body):
    """What the tool that sends replies reports."""

    status: Literal["delivered", "failed"]
    network_id: NetworkId | None = None
    error: Paragraph | None = None
