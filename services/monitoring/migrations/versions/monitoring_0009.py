"""Threads, promises of an answer, saved answers, and the delivery of replies."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0009"
down_revision = "monitoring_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the columns that conversations and replies of before begin without."""
    op.add_column("conversations", sa.Column("due_at", UtcDateTime(), nullable=True))
    op.add_column("conversations", sa.Column("overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("conversations", sa.Column("resolved_at", UtcDateTime(), nullable=True))
    op.create_index("conversations_customer", "conversations", ["network", "customer"], unique=False)
    op.create_index("conversations_due", "conversations", ["due_at"], unique=False)
    op.add_column("replies", sa.Column("awaits_customer", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("replies", sa.Column("saved_answer", sa.String(length=36), nullable=True))
    op.add_column("replies", sa.Column("told_at", UtcDateTime(), nullable=True))
    op.add_column("replies", sa.Column("unconfirmed_at", UtcDateTime(), nullable=True))
    op.add_column("replies", sa.Column("times_told", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_replies_network_id"), "replies", ["network_id"], unique=False)
    op.create_index(op.f("ix_replies_told_at"), "replies", ["told_at"], unique=False)
    # What nobody has confirmed of before shows up in the queue like any other.
    op.execute("UPDATE replies SET told_at = approved_at, times_told = 1 WHERE status NOT IN ('held', 'refused')")
    make_promises()
    make_notes_and_reviews()
    make_wordings()


def make_promises() -> None:
    """Make the tables of promised answers."""
    op.create_table(
        "service_promises",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first_answer_minutes", sa.Integer(), nullable=False),
        sa.Column("next_answer_minutes", sa.Integer(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=True),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind"),
    )
    op.create_table(
        "promised_answers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("nth", sa.String(length=5), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("overdue_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_promised_answers_conversation"), "promised_answers", ["conversation"], unique=False)
    op.create_index("promised_answers_kind", "promised_answers", ["kind", "asked_at"], unique=False)


def make_notes_and_reviews() -> None:
    """Make the tables of what colleagues write to each other."""
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("conversation", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("question", sa.String(length=36), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notes_conversation"), "notes", ["conversation"], unique=False)
    op.create_index(op.f("ix_notes_person"), "notes", ["person"], unique=False)
    op.create_table(
        "reply_reviews",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("reply", sa.String(length=36), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("reviewer", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reply_reviews_author"), "reply_reviews", ["author"], unique=False)
    op.create_index(op.f("ix_reply_reviews_reply"), "reply_reviews", ["reply"], unique=False)
    op.create_index(op.f("ix_reply_reviews_reviewer"), "reply_reviews", ["reviewer"], unique=False)


def make_wordings() -> None:
    """Make the tables of words that are used often."""
    op.create_table(
        "saved_answers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("network", sa.String(length=40), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_saved_answers_person"), "saved_answers", ["person"], unique=False)
    op.create_index("saved_answers_language", "saved_answers", ["language", "topic"], unique=False)
    op.create_table(
        "static_contents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("in_use", sa.Integer(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "static_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("content", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("author", sa.String(length=36), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("approver", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("used_from", UtcDateTime(), nullable=True),
        sa.Column("used_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("content", "number"),
    )
    op.create_index(op.f("ix_static_versions_approver"), "static_versions", ["approver"], unique=False)
    op.create_index(op.f("ix_static_versions_author"), "static_versions", ["author"], unique=False)
