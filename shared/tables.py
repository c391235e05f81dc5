"""The tables that every service has beside its own: events told and heard, evidence, idempotency, positions."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

_last: tuple[datetime | None, str] = (None, "")
"""A unit of work has one time, which stands in most of what it writes; to say it anew costs more than a small row."""


def text_of(value: datetime) -> str:
    """Return an instant as SQLite keeps it."""
    global _last  # noqa: PLW0603  one assignment, which no other thread sees half of
    known, text = _last
    if value is not known:
        at = value if value.tzinfo is UTC else value.astimezone(UTC)
        text = at.isoformat(" ", "microseconds")[:26]
        _last = (value, text)
    return text


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases; a naive one is refused.

    On SQLite it is text of one length, which sorts as the times do and is written several times faster than by
    SQLAlchemy's own type.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep text on SQLite."""
        return dialect.type_descriptor(String(26) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware datetime into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone")
        if dialect.name == "sqlite":
            return text_of(value)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database kept into an aware datetime in UTC."""
        if value is None:
            return None
        at = datetime.fromisoformat(value) if dialect.name == "sqlite" else value
        return at.replace(tzinfo=UTC) if dialect.name == "sqlite" else at.astimezone(UTC)


# SQLite makes only INTEGER PRIMARY KEY an alias of the row id.
Position = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Position, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("type", String(100), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("aggregate", String(300), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("traceparent", String(100)),
    Column("cause", String(36), index=True),
    Column("told_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
    Column("stream_seq", BigInteger),
)
Index(
    "outbox_waiting",
    outbox.c.seq,
    sqlite_where=outbox.c.published_at.is_(None),
    postgresql_where=outbox.c.published_at.is_(None),
)
Index("outbox_published", outbox.c.published_at)

aggregate_versions = Table(
    "aggregate_versions",
    metadata,
    Column("aggregate", String(300), primary_key=True),
    Column("version", Integer, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", String(36), primary_key=True),
    Column("type", String(100), nullable=False),
    Column("handled_at", UtcDateTime, nullable=False),
    Column("stream_seq", BigInteger),
)
Index("inbox_handled", inbox.c.handled_at)

aggregates_seen = Table(
    "aggregates_seen",
    metadata,
    Column("aggregate", String(300), primary_key=True),
    Column("version", Integer, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("event_id", String(100), primary_key=True),
    Column("subject", String(300), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("died_at", UtcDateTime, nullable=False),
    Column("replayed_at", UtcDateTime),
)

marks = Table(
    "marks",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("sweep", String(60), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("error", String(100), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("again_at", UtcDateTime, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    Column("headers", Text),
    Column("created_at", UtcDateTime, nullable=False),
)
Index("idempotency_keys_created", idempotency_keys.c.created_at)

forgotten = Table(
    "forgotten",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("person", String(36), nullable=False),
    Column("part", String(60), nullable=False),
    Column("aggregates", Text, nullable=False),
    Column("words", Text),
    Column("since", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    UniqueConstraint("person", "part"),
)

evidence_entries = Table(
    "evidence_entries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("body", Text, nullable=False),
    Column("leaf", String(64), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("personal", Text),
    Column("head", Integer, index=True),
    Column("place", Integer),
)

evidence_heads = Table(
    "evidence_heads",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("root", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
)

legal_entities = Table(
    "legal_entities",
    metadata,
    Column("person", String(36), primary_key=True),
    Column("legal_entity", String(200), nullable=False, index=True),
)

works_council_modes = Table(
    "works_council_modes",
    metadata,
    Column("legal_entity", String(200), primary_key=True),
    Column("on", Boolean, nullable=False),
)
