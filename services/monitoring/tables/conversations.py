"""Customers' conversations, their messages, our replies and what colleagues note."""

from datetime import datetime

from sqlalchemy import JSON, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


class Conversation(Table, table=True):
    """A thread with a customer; `open_key` is unique while it is open, and empty once it is resolved.

    It stays with whoever accepted it up to `theirs_until`, unless they do something about it.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("conversations_state", "state", "queued_at"),
        Index("conversations_deadline", "accept_by"),
        Index("conversations_theirs", "theirs_until"),
        Index("conversations_thread", "network", "thread"),
        Index("conversations_customer", "network", "customer"),
        Index("conversations_due", "due_at"),
    )
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    thread: str = Field(max_length=500)
    open_key: str | None = Field(default=None, max_length=560, unique=True)
    customer: str = Field(max_length=200)
    language: str | None = Field(default=None, max_length=35)
    topic: str | None = Field(default=None, max_length=64)
    kind: str = Field(default="other", max_length=20)
    urgency: int = 1
    state: str = Field(max_length=20)
    assignee: str | None = id_field(default=None, index=True)
    assignment: str | None = id_field(default=None)
    accept_by: datetime | None = time_field(default=None)
    theirs_until: datetime | None = time_field(default=None)
    opened_at: datetime = time_field()
    queued_at: datetime = time_field()
    waited: float | None = None
    chosen: str | None = Field(default=None, max_length=500)
    passed_over: list[dict[str, str]] = Field(sa_type=JSON)
    missing: str | None = Field(default=None, max_length=200)
    given_back: list[dict[str, str]] = Field(sa_type=JSON)
    due_at: datetime | None = time_field(default=None)
    overdue: bool = False
    resolved_at: datetime | None = time_field(default=None)
    forgotten_at: datetime | None = time_field(default=None)
    revision: int = 1


class Message(Table, table=True):
    """One message of a conversation, from the customer; ours are replies."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation", "network_id"),)
    id: str = id_field(primary_key=True)
    conversation: str = id_field()
    network_id: str = Field(max_length=500)
    author: str = Field(max_length=200)
    text: str = Field(sa_type=Text)
    sent_at: datetime = time_field()
    post: str | None = id_field(default=None)


UNCONFIRMED = text("status = 'approved' AND unconfirmed_at IS NULL")
"""Of which replies somebody should still say that they were sent."""


class Reply(Table, table=True):
    """An answer to a customer that passed the check, and what the sending tool said of it.

    One whose status is `held` waits for the decision on `approval_request`, one that is `drafted` for a colleague.
    `told_at` is when the tool that sends it was last asked to, `unconfirmed_at` when that had been too long ago.
    """

    __tablename__ = "replies"
    __table_args__ = (
        Index("replies_status", "status", "id"),
        Index("replies_unconfirmed", "status", "told_at", sqlite_where=UNCONFIRMED, postgresql_where=UNCONFIRMED),
    )
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    person: str = id_field(index=True)
    text: str = Field(sa_type=Text)
    status: str = Field(max_length=20)
    network_id: str | None = Field(default=None, max_length=500, index=True)
    error: str | None = Field(default=None, sa_type=Text)
    approved_at: datetime = time_field()
    changed_at: datetime = time_field()
    approval_request: str | None = id_field(default=None, index=True)
    awaits_customer: bool = False
    saved_answer: str | None = id_field(default=None)
    told_at: datetime | None = time_field(default=None)
    unconfirmed_at: datetime | None = time_field(default=None)
    times_told: int = 0
    revision: int = 1


class ReplyReview(Table, table=True):
    """What a trusted colleague decided on a draft; `text_hash` is of the words that they decided on."""

    __tablename__ = "reply_reviews"
    id: str = id_field(primary_key=True)
    reply: str = id_field(index=True)
    author: str = id_field(index=True)
    reviewer: str = id_field(index=True)
    network: str = Field(max_length=40)
    outcome: str = Field(max_length=20)
    reason: str | None = Field(default=None, sa_type=Text)
    text_hash: str = Field(max_length=64)
    decided_at: datetime = time_field()


class Note(Table, table=True):
    """What a colleague noted on a conversation for other colleagues; `question` is one that they asked the task team."""

    __tablename__ = "notes"
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    person: str | None = id_field(default=None, index=True)
    text: str = Field(sa_type=Text)
    question: str | None = id_field(default=None)
    written_at: datetime = time_field()
