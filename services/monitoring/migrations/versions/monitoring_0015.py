"""Until when a conversation stays with whoever accepted it; what they have now stays theirs for a while from now."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0015"
down_revision = "monitoring_0014"
branch_labels = None
depends_on = None

AT_FIRST = timedelta(hours=4)


def upgrade() -> None:
    """Make room for it, and let time run for what is accepted."""
    op.add_column("conversations", sa.Column("theirs_until", UtcDateTime(), nullable=True))
    op.create_index("conversations_theirs", "conversations", ["theirs_until"])
    conversations = sa.table("conversations", sa.column("state"), sa.column("theirs_until", UtcDateTime()))
    accepted = sa.update(conversations).where(conversations.c.state == "accepted")
    op.execute(accepted.values(theirs_until=datetime.now(UTC) + AT_FIRST))
