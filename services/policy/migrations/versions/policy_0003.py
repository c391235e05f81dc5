"""Checks: receipts, approval requests, emergency rules."""

revision = "policy_0003"
down_revision = "policy_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
