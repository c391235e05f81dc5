"""Texts that wait to be judged, first contacts, and what stands beside a post."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0003"
down_revision = "monitoring_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the column for pictures and films."""
    op.create_table(
        "judgements_due",
        sa.Column("post", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("post", "revision"),
    )
    op.create_table(
        "contacts",
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("post", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("network", "author", "customer"),
    )
    op.create_index(op.f("ix_contacts_post"), "contacts", ["post"], unique=False)
    op.add_column("posts", sa.Column("media", sa.JSON(), nullable=True))
