"""Certification in full."""

revision = "training_0006"
down_revision = "training_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
