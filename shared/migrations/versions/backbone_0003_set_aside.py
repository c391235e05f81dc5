"""What a sweep could not bring on."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "backbone_0003"
down_revision = "backbone_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "set_aside",
        sa.Column("sweep", sa.String(60), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("error", sa.String(100), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("again_at", UtcDateTime(), nullable=False),
    )
