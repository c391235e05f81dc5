"""People in full: further attributes, where each came from, former numbers."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0002"
down_revision = "training_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and make the tables; who is known already was written by the weakest source."""
    op.add_column("people", sa.Column("number_given", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("people", sa.Column("cost_centre", sa.String(length=200), nullable=True))
    op.add_column("people", sa.Column("title", sa.String(length=200), nullable=True))
    op.add_column("people", sa.Column("locale", sa.String(length=35), nullable=True))
    op.create_index(op.f("ix_people_manager"), "people", ["manager"], unique=False)
    op.create_index("people_user_name_folded", "people", [sa.text("lower(user_name)")], unique=False)
    op.create_index("people_email_folded", "people", [sa.text("lower(email)")], unique=False)
    op.create_table(
        "person_sources",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person", "source"),
        sa.UniqueConstraint("source", "external_id"),
    )
    op.create_table(
        "former_numbers",
        sa.Column("employee_number", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("merged", sa.String(length=36), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("employee_number"),
    )
    op.create_index(op.f("ix_former_numbers_person"), "former_numbers", ["person"], unique=False)
    op.create_index(op.f("ix_former_numbers_merged"), "former_numbers", ["merged"], unique=False)
    op.create_table(
        "authorities",
        sa.Column("attribute", sa.String(length=20), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("attribute"),
    )
