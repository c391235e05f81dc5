"""Sources, their cursors and runs, and what was dropped."""

revision = "monitoring_0005"
down_revision = "monitoring_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
