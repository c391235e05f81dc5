"""What coaches need: the queue, templates, praise, opened posts."""

revision = "monitoring_0007"
down_revision = "monitoring_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
