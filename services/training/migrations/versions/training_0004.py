"""Courses and learning in full."""

revision = "training_0004"
down_revision = "training_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
