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
    op.add_column("people", sa.Column("merged_into", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_people_merged_into"), "people", ["merged_into"], unique=False)
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
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("employee_number"),
    )
    op.create_index(op.f("ix_former_numbers_person"), "former_numbers", ["person"], unique=False)
    op.create_table(
        "authorities",
        sa.Column("attribute", sa.String(length=20), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("attribute"),
    )
    op.create_table(
        "people_imports",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("background", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(length=100), nullable=True),
        sa.Column("caller", sa.JSON(), nullable=True),
        sa.Column("encoding", sa.String(length=40), nullable=False),
        sa.Column("delimiter", sa.String(length=1), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("ignored_columns", sa.JSON(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index(op.f("ix_people_imports_state"), "people_imports", ["state"], unique=False)
    op.create_table(
        "people_import_rows",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("employee_number", sa.String(length=64), nullable=True),
        sa.Column("user_name", sa.String(length=200), nullable=True),
        sa.Column("manager", sa.String(length=64), nullable=True),
        sa.Column("moves", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("serial", "number"),
    )
    op.create_index("people_import_rows_employee", "people_import_rows", ["serial", "employee_number"], unique=False)
    op.create_index("people_import_rows_user_name", "people_import_rows", ["serial", "user_name"], unique=False)
    op.create_index("people_import_rows_manager", "people_import_rows", ["serial", "state", "manager"], unique=False)
    op.create_index("people_import_rows_place", "people_import_rows", ["serial", "place"], unique=False)
    op.create_table(
        "column_mappings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("encoding", sa.String(length=40), nullable=True),
        sa.Column("delimiter", sa.String(length=1), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
