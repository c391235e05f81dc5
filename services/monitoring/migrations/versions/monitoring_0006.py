"""Language, triage, cues, and the proof of an account."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0006"
down_revision = "monitoring_0005"
branch_labels = None
depends_on = None

OF_OLD = "id, network, handle, handle_key, kind, person, created_at"


def upgrade() -> None:
    """Make the table of cues, and the columns for what triage says and for proofs."""
    op.add_column("posts", sa.Column("triage", sa.String(length=20), nullable=True))
    op.add_column("posts", sa.Column("urgency", sa.Integer(), nullable=True))
    op.add_column("conversations", sa.Column("kind", sa.String(length=20), nullable=False, server_default="other"))
    op.add_column("conversations", sa.Column("urgency", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "triage_cues",
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.Column("cues", sa.JSON(), nullable=True),
        sa.Column("edition", sa.String(length=36), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("language"),
    )
    let_several_claim_a_handle()


def let_several_claim_a_handle() -> None:
    """Make the table of accounts anew, since only a proven one may keep others from a handle.

    SQLite drops no constraint, so the rows move out and in again. Those of before were registered when that was
    enough, and go on counting.
    """
    op.execute(f"CREATE TABLE accounts_before AS SELECT {OF_OLD} FROM accounts")  # noqa: S608  both are our own words
    op.drop_table("accounts")
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("handle", sa.String(length=200), nullable=False),
        sa.Column("handle_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("claim_key", sa.String(length=260), nullable=True),
        sa.Column("proof", sa.String(length=20), nullable=True),
        sa.Column("proven_at", UtcDateTime(), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("code_until", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("claim_key"),
    )
    op.execute(
        f"INSERT INTO accounts ({OF_OLD}, claim_key, proof, proven_at, revision) "  # noqa: S608
        f"SELECT {OF_OLD}, network || ':' || handle_key, 'before', created_at, 1 FROM accounts_before"
    )
    op.drop_table("accounts_before")
    op.create_index(op.f("ix_accounts_person"), "accounts", ["person"], unique=False)
    op.create_index("accounts_handle", "accounts", ["network", "handle_key"], unique=False)
