"""Which legal entity people work for, and which of them are in works-council mode."""

import sqlalchemy as sa
from alembic import op

revision = "backbone_0004"
down_revision = "backbone_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "legal_entities",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("legal_entity", sa.String(200), nullable=False),
    )
    op.create_index("ix_legal_entities_legal_entity", "legal_entities", ["legal_entity"])
    op.create_table(
        "works_council_modes",
        sa.Column("legal_entity", sa.String(200), primary_key=True),
        sa.Column("on", sa.Boolean(), nullable=False),
    )
