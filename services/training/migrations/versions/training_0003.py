"""Groups that another system provisions, what SCIM clients say of people, and when a person last changed."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0003"
down_revision = "training_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; of people who are known already, the day they were added is the last change we know of."""
    op.add_column("people", sa.Column("changed_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE people SET changed_at = created_at")
    op.create_index(op.f("ix_people_changed_at"), "people", ["changed_at"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_groups_external_id"), "groups", ["external_id"], unique=False)
    op.create_index(op.f("ix_groups_changed_at"), "groups", ["changed_at"], unique=False)
    op.create_index("groups_name_folded", "groups", [sa.text("lower(name)")], unique=False)
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "person"),
    )
    op.create_index(op.f("ix_group_members_person"), "group_members", ["person"], unique=False)
    op.create_table(
        "scim_users",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("resource", sa.JSON(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "scim_emails",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.PrimaryKeyConstraint("person", "email"),
    )
    op.create_index(op.f("ix_scim_emails_email"), "scim_emails", ["email"], unique=False)
