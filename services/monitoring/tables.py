"""What the monitoring service keeps: posts, findings, guidance, conversations, and its copies of what others tell."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, MetaData, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from shared.db import UtcDateTime

metadata = MetaData()


class Table(SQLModel):
    """A table in this service's own metadata."""

    metadata = metadata


def id_field(**options: Any) -> Any:
    """A column for an id of ours."""
    return Field(max_length=36, **options)


def time_field(**options: Any) -> Any:
    """A column for an instant."""
    return Field(sa_type=UtcDateTime, **options)


# --- copies of what the other services tell


class Person(Table, table=True):
    """A member of staff, as far as monitoring must know them."""

    __tablename__ = "people"
    id: str = id_field(primary_key=True)
    employee_number: str = Field(max_length=64, index=True)
    department: str = Field(max_length=200, index=True)
    languages: list[str] = Field(sa_type=JSON)
    active: bool


class Certificate(Table, table=True):
    """A certificate as it was last told; whether it counts at an instant follows the clock."""

    __tablename__ = "certificates"
    id: str = id_field(primary_key=True)
    person: str = id_field(index=True)
    certification: str = Field(max_length=64)
    status: str = Field(max_length=20)
    issued_at: datetime = time_field()
    ends_at: datetime = time_field()
    replaces: str | None = id_field(default=None, index=True)


class PolicyRule(Table, table=True):
    """A rule in force, as the policy service told it."""

    __tablename__ = "policy_rules"
    policy: str = Field(max_length=64, primary_key=True)
    rule: str = Field(max_length=64, primary_key=True)
    version: int
    section: str = Field(max_length=200)
    yaml: str = Field(sa_type=Text)


class PolicyInForce(Table, table=True):
    """Which version of a policy the rules came from; `stamp` changes whenever they do."""

    __tablename__ = "policies_in_force"
    policy: str = Field(max_length=64, primary_key=True)
    version: int
    stamp: str = Field(max_length=64)


class EmergencyRule(Table, table=True):
    """A rule of an emergency, as the policy service told it; it counts until `ends_at`."""

    __tablename__ = "emergency_rules"
    id: str = id_field(primary_key=True)
    policy: str = Field(max_length=64)
    version: int
    section: str = Field(max_length=64)
    rule: str = Field(max_length=64)
    yaml: str = Field(sa_type=Text)
    ends_at: datetime = time_field()


class ApprovalDecision(Table, table=True):
    """What was decided on a held draft, as the policy service told it; `text_hash` says which text that was."""

    __tablename__ = "approval_decisions"
    id: str = id_field(primary_key=True)
    person: str | None = id_field(default=None)
    decision: str = Field(max_length=20)
    text_hash: str | None = Field(default=None, max_length=64)


# --- posts, findings, guidance


class Account(Table, table=True):
    """A social account that a person registered of their own will, or one of the brand's."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "handle_key"),)
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    handle: str = Field(max_length=200)
    handle_key: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    person: str | None = id_field(default=None, index=True)
    created_at: datetime = time_field()


class Post(Table, table=True):
    """One item of a network, identified by the network and its own id there."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("network", "network_id"), Index("posts_kind", "kind", "id"))
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    network_id: str = Field(max_length=500)
    kind: str = Field(max_length=10)
    author: str = Field(max_length=200)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    text: str = Field(sa_type=Text)
    lang: str | None = Field(default=None, max_length=35)
    topic: str | None = Field(default=None, max_length=64)
    posted_at: datetime = time_field()
    received_at: datetime = time_field()
    in_reply_to: str | None = Field(default=None, max_length=500)
    url: str | None = Field(default=None, max_length=2000)
    revision: int = 1


class PostText(Table, table=True):
    """A text that a post had before it was edited."""

    __tablename__ = "post_texts"
    post: str = id_field(primary_key=True)
    revision: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    until: datetime = time_field()


class Finding(Table, table=True):
    """A rule that matched a post; once per post and rule."""

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("post", "policy", "rule"), Index("findings_state", "state", "id"))
    id: str = id_field(primary_key=True)
    post: str = id_field()
    rule: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    version: int
    section: str = Field(max_length=200)
    severity: str = Field(max_length=10)
    span_start: int
    span_end: int
    state: str = Field(max_length=20)
    network: str = Field(max_length=40)
    person: str | None = id_field(default=None, index=True)
    department: str | None = Field(default=None, max_length=200)
    coach: str | None = Field(default=None, max_length=80)
    opened_at: datetime = time_field()
    changed_at: datetime = time_field()
    reason: str | None = Field(default=None, sa_type=Text)
    revision: int = 1


class Guidance(Table, table=True):
    """What a coach told a person about a finding."""

    __tablename__ = "guidance"
    id: str = id_field(primary_key=True)
    finding: str = id_field(index=True)
    person: str | None = id_field(default=None, index=True)
    coach: str = Field(max_length=80)
    message: str = Field(sa_type=Text)
    better_wording: str | None = Field(default=None, sa_type=Text)
    state: str = Field(max_length=20)
    appeal: str | None = Field(default=None, sa_type=Text)
    given_at: datetime = time_field()
    changed_at: datetime = time_field()
    revision: int = 1


class Tally(Table, table=True):
    """Counts by the hour, kept as posts come in: `rule` empty counts posts of a section, both empty count all posts."""

    __tablename__ = "tallies"
    hour: datetime = time_field(primary_key=True)
    network: str = Field(max_length=40, primary_key=True)
    department: str = Field(max_length=200, primary_key=True)
    kind: str = Field(max_length=10, primary_key=True)
    policy: str = Field(max_length=64, primary_key=True)
    section: str = Field(max_length=200, primary_key=True)
    rule: str = Field(max_length=64, primary_key=True)
    posts: int
    findings: int


# --- conversations and the load


class Conversation(Table, table=True):
    """A thread with a customer; `open_key` is unique while it is open, and empty once it is resolved."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("conversations_state", "state", "queued_at"),
        Index("conversations_deadline", "accept_by"),
        Index("conversations_thread", "network", "thread"),
    )
    id: str = id_field(primary_key=True)
    network: str = Field(max_length=40)
    thread: str = Field(max_length=500)
    open_key: str | None = Field(default=None, max_length=560, unique=True)
    customer: str = Field(max_length=200)
    language: str | None = Field(default=None, max_length=35)
    topic: str | None = Field(default=None, max_length=64)
    state: str = Field(max_length=20)
    assignee: str | None = id_field(default=None, index=True)
    assignment: str | None = id_field(default=None)
    accept_by: datetime | None = time_field(default=None)
    opened_at: datetime = time_field()
    queued_at: datetime = time_field()
    waited: float | None = None
    chosen: str | None = Field(default=None, max_length=500)
    passed_over: list[dict[str, str]] = Field(sa_type=JSON)
    missing: str | None = Field(default=None, max_length=200)
    given_back: list[dict[str, str]] = Field(sa_type=JSON)
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


class Assignment(Table, table=True):
    """A conversation was with a person for a while; `ended` says how that came to its end."""

    __tablename__ = "assignments"
    __table_args__ = (Index("assignments_assigned", "assigned_at"),)
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    person: str = id_field()
    assigned_at: datetime = time_field()
    accepted_at: datetime | None = time_field(default=None)
    ended_at: datetime | None = time_field(default=None)
    ended: str | None = Field(default=None, max_length=40)


class Reply(Table, table=True):
    """An answer to a customer that passed the check, and what the sending tool said of it.

    One whose status is `held` waits for the decision on `approval_request`.
    """

    __tablename__ = "replies"
    id: str = id_field(primary_key=True)
    conversation: str = id_field(index=True)
    person: str = id_field()
    text: str = Field(sa_type=Text)
    status: str = Field(max_length=20, index=True)
    network_id: str | None = Field(default=None, max_length=500)
    error: str | None = Field(default=None, sa_type=Text)
    approved_at: datetime = time_field()
    changed_at: datetime = time_field()
    approval_request: str | None = id_field(default=None, index=True)
    revision: int = 1


class Availability(Table, table=True):
    """What a person takes on, and what they carry: the router's row for them.

    `handled` and `online_hours` fade with a half-life, both as of `faded_at`; `open` counts what they have not
    answered yet, `minutes` what they spent in the week that starts on `week`.
    """

    __tablename__ = "availabilities"
    person: str = id_field(primary_key=True)
    languages: list[str] = Field(sa_type=JSON)
    topics: list[str] = Field(sa_type=JSON)
    capacity: int
    weekly_minutes: int
    online: bool
    hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    away_from: datetime | None = time_field(default=None)
    away_until: datetime | None = time_field(default=None)
    open: int = 0
    minutes: int = 0
    week: date | None = None
    handled: float = 0.0
    online_hours: float = 0.0
    faded_at: datetime = time_field()
    idle_since: datetime = time_field()
    revision: int = 1


class Router(Table, table=True):
    """One row that whoever hands out conversations locks, so that nobody is given more than their room."""

    __tablename__ = "routers"
    id: int = Field(primary_key=True)


class Pause(Table, table=True):
    """Replies and routing stand still for a scope until it ends."""

    __tablename__ = "pauses"
    id: str = id_field(primary_key=True)
    scope: str = Field(max_length=120)
    reason: str = Field(sa_type=Text)
    holding_statement: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = time_field()
    until: datetime | None = time_field(default=None)
    ended_at: datetime | None = time_field(default=None, index=True)
