"""Checks: receipts, approval requests, emergency rules."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "policy_0003"
down_revision = "policy_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "kept_checks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=True),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_kept_checks_author"), "kept_checks", ["author"], unique=False)
    op.create_table(
        "approval_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("check_id", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("approver", sa.String(length=36), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["kept_checks.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("check_id"),
    )
    op.create_index(op.f("ix_approval_requests_approver"), "approval_requests", ["approver"], unique=False)
    op.create_index(op.f("ix_approval_requests_author"), "approval_requests", ["author"], unique=False)
    op.create_index(op.f("ix_approval_requests_state"), "approval_requests", ["state"], unique=False)
    op.create_table(
        "emergency_rules",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("confirmed_by", sa.String(length=100), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_emergency_rules_policy"), "emergency_rules", ["policy"], unique=False)
    op.create_index(op.f("ix_emergency_rules_state"), "emergency_rules", ["state"], unique=False)
