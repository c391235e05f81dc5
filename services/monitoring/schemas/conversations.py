"""Conversations with customers, and replies."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.monitoring.schemas.names import Handle, Instant, Language, Network, NetworkId, Topic, Words
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Text

ConversationKind = Literal["question", "complaint", "praise", "crisis", "spam", "other"]
ConversationState = Literal["new", "queued", "assigned", "accepted", "waiting", "answered", "resolved", "reopened"]
ReplyStatus = Literal["drafted", "returned", "held", "refused", "approved", "delivered", "failed"]
ReplyQueue = Literal["drafted", "returned", "held", "refused", "approved", "delivered", "failed", "unconfirmed"]
ReplyText = Annotated[
    Text, Field(min_length=1, max_length=20_000, examples=["Thank you for telling us! We look into it today."])
]


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
    kind: ConversationKind | None = None
    urgency: Annotated[int | None, Field(ge=0, le=3, description="0 can wait, 3 needs somebody at once.")] = None
    messages: Annotated[list[MessageIn], Field(max_length=100, default_factory=list)]


class AcceptanceIn(Body):
    """Who accepts: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class HandoffIn(Body):
    """Why somebody else should take it."""

    reason: Annotated[Paragraph, Field(examples=["It is about an order, and I know only repairs."])]
    employee_number: EmployeeNumber | None = None


class ReplyIn(Body):
    """What shall be sent to the customer: words of one's own, or a saved answer as it stands."""

    text: ReplyText | None = None
    saved_answer: Annotated[
        str | None, Field(pattern=r"^[0-9a-f-]{36}$", description="The saved answer that this begins with, or is.")
    ] = None
    employee_number: EmployeeNumber | None = None
    approval_request: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f-]{36}$",
            description="The approval request for exactly this text, where the rules hold it: the reply waits for the decision, and goes out once it is approved.",
        ),
    ] = None
    awaits_customer: Annotated[
        bool, Field(description="The reply asks the customer something: the conversation waits for them.")
    ] = False
    draft: Annotated[bool, Field(description="A trusted colleague should read it before it goes out.")] = False

    @model_validator(mode="after")
    def has_words(self) -> Self:
        """Refuse a reply without words."""
        if self.text is None and self.saved_answer is None:
            raise ValueError("needs a text or a saved answer")
        return self


class ReplyApprovalIn(Body):
    """Who lets a draft out, and in which words if not in its own."""

    employee_number: EmployeeNumber | None = None
    text: ReplyText | None = None


class ReplyReturnIn(Body):
    """Why a draft does not go out as it is."""

    reason: Annotated[Paragraph, Field(examples=["Say when we call back, and leave the discount out."])]
    employee_number: EmployeeNumber | None = None


class ResendingIn(Body):
    """That the tool is asked again to send a reply."""


class DeliveryIn(Body):
    """What the tool that sends replies reports."""

    status: Literal["delivered", "failed"]
    network_id: NetworkId | None = None
    error: Paragraph | None = None


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
    """A thread with a customer that needs an answer; `missing` says what nobody has who could take it.

    `due_at` is when the customer was promised the answer that they wait for; `overdue` says that it has passed.
    It goes to somebody else at `accept_by` unless the assignee accepts, and at `theirs_until` if they then do nothing.
    """

    id: str
    network: str
    thread: str
    customer: str
    language: str | None
    topic: str | None
    kind: ConversationKind
    urgency: int
    state: ConversationState
    assignee: str | None
    accept_by: datetime | None
    theirs_until: datetime | None = None
    opened_at: datetime
    queued_at: datetime
    due_at: datetime | None
    overdue: bool
    resolved_at: datetime | None
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


class NoteIn(Body):
    """What colleagues should know; customers never see it."""

    text: Annotated[Paragraph, Field(examples=["She called as well; the workshop knows."])]
    question: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-f-]{36}$", description="The question to the task team that this is about, by its id."),
    ] = None
    employee_number: EmployeeNumber | None = None


class NoteOut(Resource):
    """What a colleague noted."""

    id: str
    person: str | None
    text: str
    question: str | None
    written_at: datetime


class ReplyReviewOut(Resource):
    """What a colleague decided on a draft, or thought of a reply that was drawn after it went out.

    `text_hash` is the SHA-256 of the words that they looked at.
    """

    reviewer: str
    outcome: Literal["approved", "changed", "returned", "fine", "better", "wrong"]
    reason: str | None
    text_hash: str
    decided_at: datetime


class ReplyOut(Resource):
    """An answer to a customer; `advice` is what the rules suggest all the same.

    `drafted` waits for a trusted colleague, who lets it out or has it `returned`; `held` waits for an approval;
    `refused` was not approved, or could not go out when it was: `error` says why. `unconfirmed_at` says since when the
    tool that sends it should have reported.
    """

    id: str
    conversation: str
    person: str
    text: str
    status: ReplyStatus
    network_id: str | None
    error: str | None
    approval_request: str | None = None
    saved_answer: str | None = None
    awaits_customer: bool = False
    approved_at: datetime
    told_at: datetime | None = None
    times_told: int = 0
    unconfirmed_at: datetime | None = None
    revision: int
    advice: list[str] = Field(default_factory=list)


class ReplyDetailOut(ReplyOut):
    """An answer, where it belongs, and what colleagues decided on it, the oldest decision first.

    `paused` is the reason of a pause that keeps it from being sent at this moment.
    """

    network: str
    thread: str
    paused: str | None
    reviews: list[ReplyReviewOut]


class ConversationDetailOut(ConversationOut):
    """A conversation with all that was said."""

    messages: list[MessageOut]
    replies: list[ReplyOut]
    notes: list[NoteOut] = Field(default_factory=list)
