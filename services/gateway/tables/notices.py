"""What people are to be told, how each wants to be told, and what was sent."""

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from services.gateway.tables.base import Row
from shared.db import UtcDateTime


class Notice(Row, table=True):
    """Something that a person should know: what it is about, never what anybody wrote.

    `fact` makes it once: the same fact is told a person once. `subject` is what it is about, as events name it; when
    that has been dealt with, `over_at` is set and nothing more is sent. It is told from `at` on.
    """

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("person", "kind", "fact"),)

    id: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36)
    kind: str = Field(max_length=40)
    fact: str = Field(max_length=200)
    subject: str = Field(max_length=200, index=True)
    name: str | None = Field(default=None, max_length=200)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    planned: bool = False


class NoticePreferences(Row, table=True):
    """How a person wants to be told; who has no row takes what is usual. The address of their chat is encrypted."""

    __tablename__ = "notice_preferences"

    person: str = Field(primary_key=True, max_length=36)
    revision: int = 1
    email: bool = True
    choices: dict[str, str] = Field(sa_type=JSON)
    language: str | None = Field(default=None, max_length=2)
    zone: str | None = Field(default=None, max_length=64)
    digest_at: str = Field(max_length=5)
    quiet_from: str | None = Field(default=None, max_length=5)
    quiet_until: str | None = Field(default=None, max_length=5)
    quiet_days: list[int] = Field(sa_type=JSON)
    chat_kind: str | None = Field(default=None, max_length=10)
    chat_host: str | None = Field(default=None, max_length=255)
    chat_url: bytes | None = Field(default=None, sa_type=LargeBinary)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class NoticeSending(Row, table=True):
    """A notice on its way by one channel, from `due_at` on; `message` is what it goes out with."""

    __tablename__ = "notice_sendings"

    notice: str = Field(primary_key=True, max_length=36)
    channel: str = Field(primary_key=True, max_length=10)
    person: str = Field(max_length=36)
    due_at: datetime = Field(sa_type=UtcDateTime)
    message: str | None = Field(default=None, max_length=36, index=True)


class NoticeMessage(Row, table=True):
    """One e-mail, or one message in a chat, to one person; its `id` is that of the e-mail however often it is tried."""

    __tablename__ = "notice_messages"

    id: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36)
    channel: str = Field(max_length=10)
    state: str = Field(max_length=10)
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    error: str | None = Field(default=None, max_length=200)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


_notice, _sending, _message = Notice.__table__, NoticeSending.__table__, NoticeMessage.__table__  # type: ignore[attr-defined]
_new, _free, _open = _notice.c.planned.is_(False), _sending.c.message.is_(None), _message.c.state == "waiting"
Index("notices_of", _notice.c.person, _notice.c.id)
Index("notices_new", _notice.c.at, sqlite_where=_new, postgresql_where=_new)
Index("notice_sendings_free", _sending.c.due_at, sqlite_where=_free, postgresql_where=_free)
Index("notice_sendings_of", _sending.c.person)
Index("notice_messages_waiting", _message.c.next_at, sqlite_where=_open, postgresql_where=_open)
Index("notice_messages_of", _message.c.person, _message.c.channel, _message.c.created_at)
