"""Courses that monitoring proposes to refresh a section with."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0014"
down_revision = "training_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "refresher_proposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("enrolled", sa.Integer(), nullable=False),
        sa.Column("enrolling_after", sa.String(length=36), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_refresher_proposals_person"), "refresher_proposals", ["person"], unique=False)
    op.create_index(op.f("ix_refresher_proposals_state"), "refresher_proposals", ["state"], unique=False)
