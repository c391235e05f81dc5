"""Groups that another system provisions."""

revision = "training_0003"
down_revision = "training_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
