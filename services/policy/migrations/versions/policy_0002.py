"""Policies: quorum by department, approvals that are cleared, translations."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "policy_0002"
down_revision = "policy_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and make the table; what was approved before stays so."""
    op.add_column("policies", sa.Column("quorum_departments", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("policies", sa.Column("quorum_revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("approvals", sa.Column("department", sa.String(length=200), nullable=True))
    op.add_column("approvals", sa.Column("cleared_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE approvals SET cleared_at = decided_at WHERE decided_at < "
        "(SELECT submitted_at FROM versions WHERE versions.id = approvals.version_id)"
    )
    op.create_table(
        "translations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version_id", "locale", "number"),
    )
