"""Export files."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0008"
down_revision = "training_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of schedules and of the files that they had written."""
    op.create_table(
        "export_schedules",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("content", sa.String(20), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("certification", sa.String(64)),
        sa.Column("daily_at", sa.String(5)),
        sa.Column("every_hours", sa.Integer()),
        sa.Column("keep", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_due_at", UtcDateTime(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_index("ix_export_schedules_next_due_at", "export_schedules", ["next_due_at"])
    op.create_table(
        "export_runs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("schedule", sa.String(36), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("try_at", UtcDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("as_of", UtcDateTime()),
        sa.Column("after", sa.BigInteger()),
        sa.Column("up_to", sa.BigInteger()),
        sa.Column("file", sa.String(200)),
        sa.Column("rows", sa.Integer()),
        sa.Column("bytes", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("written_at", UtcDateTime()),
        sa.Column("error", sa.Text()),
        sa.UniqueConstraint("schedule", "due_at"),
    )
    op.create_index("export_runs_next", "export_runs", ["state", "try_at"])
