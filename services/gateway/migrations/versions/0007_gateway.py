"""What people want to be told, and what is due to be sent to them."""

revision = "gateway_0007"
down_revision = "gateway_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
