"""Sessions that a provider opened, what a sign-in waits for, and keys that are rotated."""

revision = "gateway_0006"
down_revision = "gateway_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
