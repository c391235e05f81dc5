"""Idempotency-Key: the first answer to a write is kept with its effect, in the same transaction, and told again.

Source: draft-ietf-httpapi-idempotency-key-header. Keys are scoped by principal, method and path, and kept 24 hours.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from shared.db import Session
from shared.problems import Conflict, Invalid
from shared.statements import Prebuilt
from shared.tables import idempotency_keys

KEPT = timedelta(hours=24)
AT_ONCE = 5000

# RETURNING, because psycopg gives no row count for such an insert.
CLAIM = Prebuilt(
    lambda insert_of: (
        insert_of(idempotency_keys)
        .values({name: bindparam(name) for name in ("key", "request_hash", "created_at")})
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.key)
    )
)
KEEP = Prebuilt(
    update(idempotency_keys)
    .where(idempotency_keys.c.key == bindparam("of"))
    .values(status=bindparam("status"), body=bindparam("body"), headers=bindparam("headers"))
)


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key was used with another query or body."""


class RequestInProgress(Conflict):
    """A request with this Idempotency-Key is being worked on."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it was given the first time."""

    status: int
    body: bytes
    headers: str


class Replay(Exception):  # noqa: N818  not a fault: the answer is there already
    """Ends a unit of work whose effect was had before."""

    def __init__(self, stored: Stored) -> None:
        super().__init__("answered before")
        self.stored = stored


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that carries a key."""

    key: str
    request_hash: str

    @classmethod
    def of(cls, key: str, principal: str, method: str, path: str, asked: bytes) -> "IdempotentRequest":
        """Scope a client's key and take the hash of what was asked: the query and the body."""
        scoped = hashlib.sha256(f"{principal}\n{method}\n{path}\n{key}".encode()).hexdigest()
        return cls(scoped, hashlib.sha256(asked).hexdigest())


def begin(session: Session, request: IdempotentRequest) -> None:
    """Claim the key for this unit; raises Replay when it was answered, or IdempotencyKeyReused.

    On PostgreSQL the insert waits for another transaction that holds the key, so two never both proceed.
    """
    if CLAIM.first(session, key=request.key, request_hash=request.request_hash, created_at=session.now) is not None:
        return
    look(session, request)
    raise RequestInProgress


def look(session: Session, request: IdempotentRequest) -> None:
    """Raise Replay when a key was answered, IdempotencyKeyReused when it was for something else."""
    row = session.execute(select(idempotency_keys).where(idempotency_keys.c.key == request.key)).first()
    if row is not None and row.request_hash != request.request_hash:
        raise IdempotencyKeyReused
    if row is not None and row.status is not None:
        raise Replay(Stored(row.status, row.body, row.headers))


def keep(session: Session, request: IdempotentRequest, stored: Stored) -> None:
    """Keep the answer beside the effect."""
    KEEP.run(session, {"of": request.key, "status": stored.status, "body": stored.body, "headers": stored.headers})


def forget_old(session: Session) -> None:
    """Drop keys older than 24 hours, some at a time: whoever writes meanwhile waits no longer than that takes."""
    created = idempotency_keys.c.created_at
    old = select(idempotency_keys.c.key).where(created < session.now - KEPT).order_by(created).limit(AT_ONCE)
    session.execute(delete(idempotency_keys).where(idempotency_keys.c.key.in_(old)))
