"""Who may come in: keys and sessions."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from services.gateway.tables.base import Row
from shared.db import UtcDateTime


class ApiKey(Row, table=True):
    """A machine's key; of its secret only the SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    prefix: str = Field(max_length=20)
    secret_hash: str = Field(max_length=64, unique=True)
    scopes: list[str] = Field(sa_type=JSON)
    departments: list[str] | None = Field(default=None, sa_type=JSON)
    created_by: str = Field(max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignedIn(Row, table=True):
    """A session of the portal; of its cookie only the SHA-256 is kept."""

    __tablename__ = "sessions"

    id: str = Field(primary_key=True, max_length=36)
    token_hash: str = Field(max_length=64, unique=True)
    user: str = Field(max_length=200)
    role: str = Field(max_length=20)
    person: str | None = Field(default=None, max_length=36, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
