"""Autonomy by network, sampled replies, weekly digests and refreshers; news of before is heard again where copies grew."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0010"
down_revision = "monitoring_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    make_autonomy()
    make_patterns()
    make_digests()
    # Since 0007 people have a manager here and policies the headings of their sections, if they changed after it. What
    # training and policy tell is taken over once more, so that all others have them, too.
    if sa.inspect(op.get_bind()).has_table("marks"):
        op.execute("DELETE FROM marks WHERE name = 'consumer.types'")


def make_autonomy() -> None:
    """Make the tables of how far people are trusted, and of which replies are looked at."""
    op.create_table(
        "autonomies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person", "network"),
    )
    op.create_table(
        "autonomy_changes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("proposed", sa.Boolean(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("coach", sa.String(length=80), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("answers", sa.String(length=36), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("appealed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("autonomy_changes_person", "autonomy_changes", ["person", "network", "id"], unique=False)
    op.create_index(op.f("ix_autonomy_changes_coach"), "autonomy_changes", ["coach"], unique=False)
    op.create_table(
        "reply_samples",
        sa.Column("reply", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("drawn_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("reply"),
    )
    op.create_index(op.f("ix_reply_samples_author"), "reply_samples", ["author"], unique=False)
    op.create_index(op.f("ix_reply_samples_reviewed_at"), "reply_samples", ["reviewed_at"], unique=False)


def make_patterns() -> None:
    """Make the tables of courses that refresh sections."""
    op.create_table(
        "refreshers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refresher_proposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_refresher_proposals_person"), "refresher_proposals", ["person"], unique=False)
    op.create_index("refresher_proposals_section", "refresher_proposals", ["policy", "section"], unique=False)


def make_digests() -> None:
    """Make the table of weeks that were told of."""
    op.create_table(
        "digests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=220), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("department", sa.String(length=200), nullable=True),
        sa.Column("ready_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("week", "subject"),
    )
    op.create_index(op.f("ix_digests_person"), "digests", ["person"], unique=False)
