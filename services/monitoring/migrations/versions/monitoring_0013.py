"""Replies that nobody has confirmed are found among those alone that wait for it."""

import sqlalchemy as sa
from alembic import op

revision = "monitoring_0013"
down_revision = "monitoring_0012"
branch_labels = None
depends_on = None

WAITS = sa.text("status = 'approved' AND unconfirmed_at IS NULL")


def upgrade() -> None:
    """Index these few in place of every reply that was ever sent."""
    op.drop_index("ix_replies_told_at", table_name="replies")
    op.create_index("replies_unconfirmed", "replies", ["status", "told_at"], sqlite_where=WAITS, postgresql_where=WAITS)
