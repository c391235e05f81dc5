"""Policies: quorum by groups, translations, what a version was imported from."""

revision = "policy_0002"
down_revision = "policy_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
