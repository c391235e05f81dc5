"""Figures by the hour, terms of keeping, holds and exports."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0011"
down_revision = "monitoring_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what happened before is counted by a rebuild (`POST /v1/summary/rebuilds`)."""
    op.create_table(
        "hour_counts",
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "metric", "network", "department", "kind"),
    )
    op.add_column("posts", sa.Column("forgotten_at", UtcDateTime(), nullable=True))
    op.add_column("conversations", sa.Column("forgotten_at", UtcDateTime(), nullable=True))
    op.add_column("findings", sa.Column("forgotten_at", UtcDateTime(), nullable=True))
    op.add_column("guidance", sa.Column("forgotten_at", UtcDateTime(), nullable=True))
    make_holds()
    make_exports()


def make_holds() -> None:
    """Make the table of holds."""
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("release_asked_by", sa.String(length=80), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("legal_holds_subject", "legal_holds", ["scope", "subject"], unique=False)
    op.create_index(op.f("ix_legal_holds_lifted_at"), "legal_holds", ["lifted_at"], unique=False)


def make_exports() -> None:
    """Make the tables of exports for supervision."""
    op.create_table(
        "supervision_exports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("cursor", sa.String(length=36), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.String(length=36), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "supervision_parts",
        sa.Column("export", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("export", "number"),
    )
