"""Webhooks, what is due to them, and what became of it."""

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
