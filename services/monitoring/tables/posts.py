"""Accounts, posts and their texts, findings, guidance, and the counts of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


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
    media: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    revision: int = 1


class PostText(Table, table=True):
    """A text that a post had before it was edited."""

    __tablename__ = "post_texts"
    post: str = id_field(primary_key=True)
    revision: int = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    until: datetime = time_field()


class JudgementDue(Table, table=True):
    """A text that came in while the rules in force were being compiled: it is judged when they are ready."""

    __tablename__ = "judgements_due"
    post: str = id_field(primary_key=True)
    revision: int = Field(primary_key=True)
    at: datetime = time_field()


class Contact(Table, table=True):
    """The first post in which somebody of ours answered a customer; author and customer as in `accounts.handle_key`."""

    __tablename__ = "contacts"
    network: str = Field(max_length=40, primary_key=True)
    author: str = Field(max_length=200, primary_key=True)
    customer: str = Field(max_length=200, primary_key=True)
    post: str = id_field(index=True)


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
