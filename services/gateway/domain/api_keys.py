"""API keys: made once, shown once, known afterwards by their hash."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import col

from services.gateway.rights import SCOPES
from services.gateway.schemas.api_keys import ApiKeyIn, ApiKeyOut, NewApiKeyOut
from services.gateway.tables import ApiKey
from shared.auth import Principal
from shared.db import Session
from shared.events.gateway import KeyCreatedV1, KeyRevokedV1
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.outbox import tell
from shared.pages import Page, PageQuery, page
from shared.problems import FieldError, Forbidden, Invalid, NotFound

MARK = "sl_"


class ScopeNotHeld(Forbidden):
    """A key cannot be given more than its maker may do."""


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits; a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(session: Session, body: ApiKeyIn, caller: Principal) -> NewApiKeyOut:
    """Make a key with at most the caller's own scopes and departments."""
    if excess := sorted(set(body.scopes) - caller.scopes):
        raise ScopeNotHeld(f"You do not have the scope {excess[0]} yourself.")
    if caller.departments is not None and not (body.departments and set(body.departments) <= caller.departments):
        raise ScopeNotHeld("Your own key is limited to some departments; the new one must be limited to some of these.")
    if body.expires_at is not None and body.expires_at <= session.now:
        raise Invalid(
            "The key would have ended already.",
            errors=[FieldError(pointer="/expires_at", detail="is not in the future")],
        )
    secret = MARK + secrets.token_urlsafe(32)
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


def find_page(session: Session, paging: PageQuery) -> Page[ApiKeyOut]:
    """Return a page of keys, revoked ones included."""
    return page(session, select(ApiKey), paging, key=ApiKey.id, to=ApiKeyOut.of)


def get(session: Session, key_id: str) -> ApiKeyOut:
    """Return one key; raises NotFound."""
    return ApiKeyOut.of(get_row(session, key_id))


def get_row(session: Session, key_id: str) -> ApiKey:
    """Return a key's row; raises NotFound."""
    row = session.get(ApiKey, key_id)
    if row is None:
        raise NotFound(f"There is no API key {key_id}.")
    return row


def revoke(session: Session, key_id: str) -> None:
    """End a key; doing it again changes nothing."""
    row = get_row(session, key_id)
    if row.revoked_at is None:
        row.revoked_at = session.now
        session.add(row)
        tell(session, KeyRevokedV1(id=row.id))
        record(session, "api_key.revoked", f"api-keys/{row.id}")


def revoke_all_of(session: Session, person: str) -> None:
    """End the keys that a person made, one who has left."""
    working = select(col(ApiKey.id)).where(
        col(ApiKey.created_by) == f"person:{person}", col(ApiKey.revoked_at).is_(None)
    )
    for key_id in session.execute(working).scalars().all():
        revoke(session, key_id)


def note_use(session: Session, used: Mapping[str, datetime]) -> None:
    """Keep when each key was last used."""
    table = ApiKey.__table__  # type: ignore[attr-defined]
    statement = update(table).where(table.c.id == bindparam("key")).values(last_used_at=bindparam("used_at"))
    session.connection().execute(statement, [{"key": key, "used_at": at} for key, at in used.items()])
