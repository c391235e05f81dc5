"""Simulations."""

revision = "monitoring_0012"
down_revision = "monitoring_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
