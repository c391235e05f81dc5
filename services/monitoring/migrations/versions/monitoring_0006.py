"""Language, triage, cues, and the proof of an account."""

revision = "monitoring_0006"
down_revision = "monitoring_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
