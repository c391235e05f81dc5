"""Who is there, what a conversation asks for, what it took, and until when it must be accepted."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0008"
down_revision = "monitoring_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the columns that the rows there are begin without."""
    op.create_table(
        "routing_requirements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("availabilities", sa.Column("present_until", UtcDateTime(), nullable=True))
    op.add_column("availabilities", sa.Column("worked_until", UtcDateTime(), nullable=True))
    op.add_column("availabilities", sa.Column("not_with", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("assignments", sa.Column("notice", sa.String(length=36), nullable=True))
    op.add_column("assignments", sa.Column("resumed_at", UtcDateTime(), nullable=True))
    op.add_column("assignments", sa.Column("minutes", sa.Integer(), nullable=True))
    op.add_column("pauses", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
