"""Back-tests and their results."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "policy_0004"
down_revision = "policy_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "backtests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("content_hash", sa.String(length=80), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("against_id", sa.String(length=36), nullable=True),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=False),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("runner", sa.String(length=36), nullable=True),
        sa.Column("posts", sa.Integer(), nullable=True),
        sa.Column("last", sa.String(length=36), nullable=True),
        sa.Column("after", sa.String(length=36), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("eta", UtcDateTime(timezone=True), nullable=True),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["against_id"], ["versions.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_backtests_state", "backtests", ["state"])
    op.create_index("ix_backtests_version_id", "backtests", ["version_id"])
