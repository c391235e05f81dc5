"""Personal data: who was erased, and who looked at whose record."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0009"
down_revision = "training_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by", sa.String(100)),
        sa.Column("finished", sa.JSON(), nullable=False),
        sa.Column("completed_at", UtcDateTime()),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_table(
        "looks",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("reader", sa.String(100), primary_key=True),
        sa.Column("what", sa.String(60), primary_key=True),
        sa.Column("query", sa.String(300), primary_key=True),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
    )
    op.create_index("looks_of_day", "looks", ["day"])
    op.create_table(
        "key_names",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
    )
