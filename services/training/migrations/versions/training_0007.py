"""Badges: keys, status lists, signed credentials, and what their holders share."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0007"
down_revision = "training_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; badges of certificates that there are already are signed when somebody asks for them."""
    keys_and_lists()
    badges()
    op.create_table(
        "badge_sharing",
        sa.Column("certificate", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("show", sa.String(20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("certificate"),
    )
    op.create_index("ix_badge_sharing_person", "badge_sharing", ["person"])


def keys_and_lists() -> None:
    """Make the tables of signing keys and status lists."""
    op.create_table(
        "badge_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "badge_keys_current",
        "badge_keys",
        ["purpose"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "badge_status_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def badges() -> None:
    """Make the table of badges."""
    op.create_table(
        "badges",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("certificate", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("suspendable", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("suspended_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("list_number", "place"),
    )
    op.create_index("ix_badges_certificate", "badges", ["certificate"])
    op.create_index("ix_badges_person", "badges", ["person"])
    op.create_index(
        "badges_current",
        "badges",
        ["certificate"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
