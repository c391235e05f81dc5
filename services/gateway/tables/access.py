"""Who may come in: keys, sessions, sign-ins under way, and who is who at the organisation's provider."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from services.gateway.tables.base import Row
from shared.db import UtcDateTime


class ApiKey(Row, table=True):
    """A machine's key; of its secret only the SHA-256 is kept, and for a while of the secret before it."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    prefix: str = Field(max_length=20)
    secret_hash: str = Field(max_length=64, unique=True)
    former_prefix: str | None = Field(default=None, max_length=20)
    former_hash: str | None = Field(default=None, max_length=64)
    former_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    scopes: list[str] = Field(sa_type=JSON)
    departments: list[str] | None = Field(default=None, sa_type=JSON)
    created_by: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignedIn(Row, table=True):
    """A session of the portal; of its cookie only the SHA-256 is kept.

    `authenticated_at` is when the person last proved who they are; None where nobody can say, as with a provider that
    does not tell. `issuer`, `subject` and `provider_session` are the provider's names for what it opened.
    """

    __tablename__ = "sessions"

    id: str = Field(primary_key=True, max_length=36)
    token_hash: str = Field(max_length=64, unique=True)
    user: str = Field(max_length=200)
    role: str = Field(max_length=20)
    roles: list[str] | None = Field(default=None, sa_type=JSON)
    """What groups at the provider add to `role`."""
    person: str | None = Field(default=None, max_length=36, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    authenticated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    issuer: str | None = Field(default=None, max_length=300)
    subject: str | None = Field(default=None, max_length=255, index=True)
    provider_session: str | None = Field(default=None, max_length=255)


class PendingSignIn(Row, table=True):
    """A browser that was sent to the provider and has not come back; it is taken once, by the state it comes with."""

    __tablename__ = "pending_sign_ins"

    state_hash: str = Field(primary_key=True, max_length=64)
    browser_hash: str = Field(max_length=64)
    nonce: str = Field(max_length=100)
    verifier: str = Field(max_length=100)
    next: str = Field(max_length=500)
    fresh: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Identity(Row, table=True):
    """Whom the provider's own name for somebody stands for here, since they signed in under it."""

    __tablename__ = "identities"

    issuer: str = Field(primary_key=True, max_length=300)
    subject: str = Field(primary_key=True, max_length=255)
    person: str = Field(max_length=36, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
