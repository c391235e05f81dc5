"""Figures by the hour, terms of keeping, holds and exports."""

revision = "monitoring_0011"
down_revision = "monitoring_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
