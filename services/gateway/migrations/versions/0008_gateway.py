"""What is embedded elsewhere."""

revision = "gateway_0008"
down_revision = "gateway_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
