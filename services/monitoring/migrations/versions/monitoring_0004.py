"""Find whom a person has answered."""

from alembic import op

revision = "monitoring_0004"
down_revision = "monitoring_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(op.f("ix_replies_person"), "replies", ["person"], unique=False)
