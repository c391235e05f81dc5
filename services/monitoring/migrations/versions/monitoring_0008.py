"""Who is there, and until when a conversation must be accepted."""

revision = "monitoring_0008"
down_revision = "monitoring_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
