"""When the draft of a kept check was forgotten."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "policy_0007"
down_revision = "policy_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment, and find what is due by it."""
    op.add_column("kept_checks", sa.Column("forgotten_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_kept_checks_checked_at"), "kept_checks", ["checked_at"], unique=False)
