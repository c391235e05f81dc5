"""Badges: signed credentials for certificates, their keys and the lists of those that no longer hold."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from services.training.tables.base import Table
from shared.ids import new_id
from shared.tables import UtcDateTime


class BadgeKey(Table, table=True):
    """A signing key; its `id` is the public half, as verifiers write it (Multikey).

    `sealed` is the private half, encrypted; it is gone once the key is retired. A retired key goes on verifying what
    it signed, a revoked one does not.
    """

    __tablename__ = "badge_keys"
    __table_args__ = (
        Index(
            "badge_keys_current",
            "purpose",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True, max_length=64)
    purpose: str = Field(default="badges", max_length=20)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revision: int = 1


class StatusList(Table, table=True):
    """A list of places, one a badge; `revision` counts its changes, `changed_at` is the last."""

    __tablename__ = "badge_status_lists"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    taken: int = 0
    revision: int = 1
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Badge(Table, table=True):
    """A credential that was signed for a certificate; `code` is its address, which nobody can guess.

    `valid_until` is the date that was signed. `suspendable` says whether it has a place in the suspension list beside
    that in the revocation list.
    """

    __tablename__ = "badges"
    __table_args__ = (
        UniqueConstraint("list_number", "place"),
        Index(
            "badges_current",
            "certificate",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    code: str = Field(max_length=32, unique=True)
    certificate: str = Field(max_length=36, index=True)
    person: str = Field(max_length=36, index=True)
    list_number: int
    place: int
    suspendable: bool
    key: str = Field(max_length=64)
    credential: str = Field(sa_type=Text)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    suspended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Sharing(Table, table=True):
    """What a holder lets everyone see of themself beside a certificate's badge."""

    __tablename__ = "badge_sharing"

    certificate: str = Field(primary_key=True, max_length=36)
    person: str = Field(max_length=36, index=True)
    show: str = Field(max_length=20)
    revision: int = 1
