"""The task team in full: terms, waiting list, copies of certificates; questions, answers and search."""

revision = "policy_0006"
down_revision = "policy_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
