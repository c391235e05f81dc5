"""Deltas and bulk operations."""

revision = "training_0011"
down_revision = "training_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
