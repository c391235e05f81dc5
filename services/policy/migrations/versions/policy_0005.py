"""Acknowledgement campaigns, exemptions, reminders."""

revision = "policy_0005"
down_revision = "policy_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
