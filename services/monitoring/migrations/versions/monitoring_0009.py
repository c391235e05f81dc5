"""Threads, promises of an answer, saved answers, and the delivery of replies."""

revision = "monitoring_0009"
down_revision = "monitoring_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
