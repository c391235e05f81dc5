"""Enrolment by rule, paths and reminders."""

revision = "training_0010"
down_revision = "training_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
