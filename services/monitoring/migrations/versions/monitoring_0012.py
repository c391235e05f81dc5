"""Simulations."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0012"
down_revision = "monitoring_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "simulations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("principal", sa.String(length=100), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("runner", sa.String(length=36), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("failure", sa.String(length=300), nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("principal", "person", "state"):
        op.create_index(f"ix_simulations_{column}", "simulations", [column])
