"""API keys: made once, shown once, known afterwards by their hash."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, select, update
from sqlmodel import col

from services.gateway.rights import SCOPES
from services.gateway.schemas.api_keys import ApiKeyIn, ApiKeyOut, NewApiKeyOut, RotationIn
from services.gateway.tables import ApiKey
from shared.auth import Principal
from shared.db import Session
from shared.events.gateway import KeyCreatedV1, KeyRevokedV1, KeyRotatedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, FieldError, Forbidden, Invalid, NotFound

MARK = "sl_"


class ScopeNotHeld(Forbidden):
    """A key cannot be given more than its maker may do."""


class KeyEnded(Conflict):
    """The key has ended or was revoked; make a new one."""


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits; a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(session: Session, body: ApiKeyIn, caller: Principal) -> NewApiKeyOut:
    """Make a key with at most the caller's own scopes and departments."""
    refuse_more(body.scopes, body.departments, caller)
    if body.expires_at is not None and body.expires_at <= session.now:
        raise Invalid(
            "The key would have ended already.",
            errors=[FieldError(pointer="/expires_at", detail="is not in the future")],
        )
    secret = new_secret()
    row = ApiKey(
        id=new_id(),
        name=body.name,
        prefix=secret[:10],
        secret_hash=hash_of(secret),
        scopes=body.scopes,
        departments=body.departments,
        created_by=caller.id,
        created_at=session.now,
        expires_at=body.expires_at,
    )
    session.add(row)
    tell(session, told(row))
    made = ApiKeyOut.of(row)
    record(session, "api_key.created", f"api-keys/{row.id}", digest_of(made))
    return NewApiKeyOut(key=secret, **made.model_dump())


def refuse_more(scopes: list[str], departments: list[str] | None, caller: Principal) -> None:
    """Raise ScopeNotHeld for a key that may do more than its maker."""
    if excess := sorted(set(scopes) - caller.scopes):
        raise ScopeNotHeld(f"You do not have the scope {excess[0]} yourself.")
    if not within(departments, caller):
        raise ScopeNotHeld("Your own key is limited to some departments; the new one must be limited to some of these.")


def within(departments: list[str] | None, caller: Principal) -> bool:
    """Say whether a key reaches no department that its maker does not."""
    return caller.departments is None or bool(departments and set(departments) <= caller.departments)


def new_secret() -> str:
    """Return a key: 256 random bits behind a mark by which scanners of leaked secrets can tell it."""
    return MARK + secrets.token_urlsafe(32)


def rotate(session: Session, key_id: str, body: RotationIn, caller: Principal) -> NewApiKeyOut:
    """Give a key a new secret; the one before works on for a while, and one from before that ends at once.

    Whoever rotates a key gets to know it, so they need all that it may do. Raises NotFound, ScopeNotHeld or KeyEnded.
    """
    row = get_row(session, key_id, caller)
    refuse_more(row.scopes, row.departments, caller)
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= session.now):
        raise KeyEnded
    secret = new_secret()
    row.former_prefix, row.former_hash = row.prefix, row.secret_hash
    row.former_until = session.now + timedelta(hours=body.overlap_hours)
    row.prefix, row.secret_hash = secret[:10], hash_of(secret)
    session.add(row)
    tell(session, KeyRotatedV1(id=row.id, former_until=row.former_until))
    made = ApiKeyOut.of(row)
    record(session, "api_key.rotated", f"api-keys/{row.id}", digest_of(made))
    return NewApiKeyOut(key=secret, **made.model_dump())


def told(row: ApiKey) -> KeyCreatedV1:
    """Return what is told of a key."""
    return KeyCreatedV1(id=row.id, name=row.name, scopes=row.scopes)


def retold(row: ApiKey) -> list[KeyCreatedV1 | KeyRevokedV1]:
    """Return what a snapshot tells of a key."""
    return [told(row)] if row.revoked_at is None else [told(row), KeyRevokedV1(id=row.id)]


def ensure_bootstrap(session: Session, secret: str) -> None:
    """Let the key of the settings exist, with all scopes."""
    if session.execute(select(ApiKey).where(col(ApiKey.secret_hash) == hash_of(secret))).first():
        return
    session.add(
        ApiKey(
            id=new_id(),
            name="bootstrap",
            prefix=secret[:10],
            secret_hash=hash_of(secret),
            scopes=sorted(SCOPES),
            created_by="settings",
            created_at=session.now,
        )
    )


def find_page(session: Session, paging: PageQuery, caller: Principal) -> Page[ApiKeyOut]:
    """Return a page of the keys that the caller reaches, revoked ones included."""
    return page(session, reached(session, caller), paging, key=ApiKey.id, to=ApiKeyOut.of)


def reached(session: Session, caller: Principal) -> Select[ApiKey]:
    """Return the query for the keys that a caller sees: one limited to departments sees none that reaches further."""
    keys = select(ApiKey)
    if caller.departments is None:
        return keys
    # A list in JSON is compared alike on no two databases, and keys are few.
    limits = session.execute(select(ApiKey.id, ApiKey.departments))  # type: ignore[call-overload]
    return keys.where(col(ApiKey.id).in_([key for key, departments in limits if within(departments, caller)]))


def get(session: Session, key_id: str, caller: Principal) -> ApiKeyOut:
    """Return one key; raises NotFound."""
    return ApiKeyOut.of(get_row(session, key_id, caller))


def get_row(session: Session, key_id: str, caller: Principal) -> ApiKey:
    """Return a key's row; raises NotFound, also for a key that reaches further than its caller."""
    row = session.get(ApiKey, key_id)
    if row is None or not within(row.departments, caller):
        raise NotFound(f"There is no API key {key_id}.")
    return row


def revoke(session: Session, key_id: str, caller: Principal) -> None:
    """End a key; doing it again changes nothing. Raises NotFound."""
    end(session, get_row(session, key_id, caller))


def end(session: Session, row: ApiKey) -> None:
    """End a key, unless it has been ended."""
    if row.revoked_at is None:
        row.revoked_at = session.now
        session.add(row)
        tell(session, KeyRevokedV1(id=row.id))
        record(session, "api_key.revoked", f"api-keys/{row.id}")


def revoke_all_of(session: Session, person: str) -> None:
    """End the keys that a person made, one who has left."""
    working = select(ApiKey).where(col(ApiKey.created_by) == f"person:{person}", col(ApiKey.revoked_at).is_(None))
    for row in session.execute(working).scalars().all():
        end(session, row)


def note_use(session: Session, used: Mapping[str, datetime]) -> None:
    """Keep when each key was last used."""
    table = ApiKey.__table__  # type: ignore[attr-defined]
    statement = update(table).where(table.c.id == bindparam("key")).values(last_used_at=bindparam("used_at"))
    session.connection().execute(statement, [{"key": key, "used_at": at} for key, at in used.items()])
