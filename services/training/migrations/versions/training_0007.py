"""Badges."""

revision = "training_0007"
down_revision = "training_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
