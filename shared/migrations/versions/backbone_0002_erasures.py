"""What is left to do after somebody's erasure."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "backbone_0002"
down_revision = "backbone_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "forgotten",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("part", sa.String(60), nullable=False),
        sa.Column("aggregates", sa.Text(), nullable=False),
        sa.Column("words", sa.Text()),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime()),
        sa.UniqueConstraint("person", "part"),
    )
