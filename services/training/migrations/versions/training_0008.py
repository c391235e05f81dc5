"""Export files."""

revision = "training_0008"
down_revision = "training_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
