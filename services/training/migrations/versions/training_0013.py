"""Legal entities of people, and which of them are in works-council mode."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0013"
down_revision = "training_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and make the table of changes."""
    op.add_column("people", sa.Column("legal_entity", sa.String(length=200), nullable=True))
    op.create_index("ix_people_legal_entity", "people", ["legal_entity"])
    op.create_table(
        "works_council_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("legal_entity", sa.String(length=200), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("proposer", sa.String(length=36), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("confirmer", sa.String(length=36), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("dropped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("legal_entity", "proposer", "confirmer"):
        op.create_index(f"ix_works_council_changes_{column}", "works_council_changes", [column])
