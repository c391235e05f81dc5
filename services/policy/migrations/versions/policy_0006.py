"""The task team in full: terms, waiting list, copies of certificates; questions, answers and search."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "policy_0006"
down_revision = "policy_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "certificates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("certification", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("replaces", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("person", "certification", "replaces"):
        op.create_index(f"ix_certificates_{column}", "certificates", [column], unique=False)
    # Filled as people are told again: a service that has come to handle further events loads all snapshots anew.
    op.add_column("people", sa.Column("manager", sa.String(length=100), nullable=True))
    op.add_column("people", sa.Column("languages", sa.JSON(), nullable=False, server_default="[]"))
