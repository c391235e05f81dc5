"""Deltas and bulk operations."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0011"
down_revision = "training_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what changed before is asked of nobody until it changes again or their certificate is looked at."""
    op.add_column("certifications", sa.Column("delta_days", sa.Integer(), nullable=False, server_default="30"))
    op.add_column("certifications", sa.Column("delta_grace_days", sa.Integer(), nullable=False, server_default="14"))
    op.add_column("enrolments", sa.Column("delta", sa.String(36), nullable=True))
    make_deltas()
    make_operations()


def make_deltas() -> None:
    """Make room for what is to be learnt anew, the dates it holds back, and for whom it is to be looked at."""
    op.create_table(
        "deltas",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("certificate", sa.String(36), nullable=False),
        sa.Column("certification", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(150), nullable=False),
        sa.Column("policy", sa.String(64)),
        sa.Column("section", sa.String(64)),
        sa.Column("course", sa.String(64)),
        sa.Column("modules", sa.JSON()),
        sa.Column("old_version", sa.Integer()),
        sa.Column("old_hash", sa.String(80)),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(80)),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("missed_at", UtcDateTime()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("closed_at", UtcDateTime()),
        sa.Column("how", sa.String(20)),
        sa.Column("next_turn_at", UtcDateTime()),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_index("ix_deltas_person", "deltas", ["person"])
    op.create_index("ix_deltas_next_turn_at", "deltas", ["next_turn_at"])
    op.create_index(
        "deltas_open",
        "deltas",
        ["certificate", "subject"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "full_terms",
        sa.Column("certificate", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("expiring_from", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("grace_until", UtcDateTime(), nullable=False),
        sa.Column("renewable_from", UtcDateTime()),
    )
    op.create_index("ix_full_terms_person", "full_terms", ["person"])
    op.create_table(
        "delta_rounds",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("token", sa.String(36), nullable=False),
    )
    op.create_table(
        "deltas_waiting",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("token", sa.String(36), nullable=False),
    )


def make_operations() -> None:
    """Make room for what is done to many certificates at once."""
    op.create_table(
        "certificate_operations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("days", sa.Integer()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("caller", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime()),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.create_index("ix_certificate_operations_state", "certificate_operations", ["state"])
    op.create_table(
        "certificate_operation_items",
        sa.Column("operation", sa.String(36), primary_key=True),
        sa.Column("certificate", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text()),
    )
    op.create_index("ix_certificate_operation_items_person", "certificate_operation_items", ["person"])
