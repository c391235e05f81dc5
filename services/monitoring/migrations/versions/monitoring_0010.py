"""Autonomy, digests and patterns."""

revision = "monitoring_0010"
down_revision = "monitoring_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
