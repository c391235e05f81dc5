"""Posts and their texts, and whom ours have answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.monitoring.tables.base import Table, id_field, time_field


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
    triage: str | None = Field(default=None, max_length=20)
    urgency: int | None = None
    source: str | None = id_field(default=None)
    deleted_at: datetime | None = time_field(default=None)
    forgotten_at: datetime | None = time_field(default=None)
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
