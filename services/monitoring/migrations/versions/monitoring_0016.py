"""Replies of a state are found in their order, however many there are of another."""

from alembic import op

revision = "monitoring_0016"
down_revision = "monitoring_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them by both in place of the state alone."""
    op.drop_index("ix_replies_status", table_name="replies")
    op.create_index("replies_status", "replies", ["status", "id"])
