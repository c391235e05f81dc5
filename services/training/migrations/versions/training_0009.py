"""Personal data."""

revision = "training_0009"
down_revision = "training_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
