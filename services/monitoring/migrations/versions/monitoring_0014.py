"""When a message to somebody's mailbox or chat left that told of an assignment."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0014"
down_revision = "monitoring_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room for it; of what was assigned before, the bell in the portal has told."""
    for column in ("told_from", "told_at"):
        op.add_column("assignments", sa.Column(column, UtcDateTime(), nullable=True))
