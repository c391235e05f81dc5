"""Policies in force are kept in other languages too."""

import sqlalchemy as sa
from alembic import op

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the owner is asked for what belongs into it at the next start."""
    op.create_table(
        "policy_translations",
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("etag", sa.String(200), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "locale"),
    )
