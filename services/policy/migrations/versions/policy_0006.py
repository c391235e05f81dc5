"""The task team in full: terms, waiting list, copies of certificates; questions, answers and search."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Position, UtcDateTime

revision = "policy_0006"
down_revision = "policy_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    copy_people_and_certificates()
    copy_accounts_and_conversations()
    complete_the_team()
    open_questions()
    make_searchable()


def copy_people_and_certificates() -> None:
    """Keep what a person holds, speaks and reports to."""
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


def copy_accounts_and_conversations() -> None:
    """Keep whom the team has to reach."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_accounts_person", "accounts", ["person"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("conversations_place", "conversations", ["network", "language", "day"], unique=False)


def complete_the_team() -> None:
    """Give seats topics and terms, nominations a waiting list, and the team its terms."""
    op.create_table(
        "team_terms",
        sa.Column("id", sa.String(length=10), nullable=False),
        sa.Column("required_certification", sa.String(length=64), nullable=True),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("seats", sa.Column("topics", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("seats", sa.Column("term_days", sa.Integer(), nullable=True))
    for column in ("term_ends_at", "noticed_at", "lapsing_since", "vacate_at"):
        op.add_column("seats", sa.Column(column, UtcDateTime(), nullable=True))
    op.add_column("seats", sa.Column("last_holder", sa.String(length=36), nullable=True))
    op.add_column("nominations", sa.Column("waiting_place", sa.String(length=80), nullable=True))
    op.add_column("nominations", sa.Column("offered_seat", sa.String(length=64), nullable=True))
    op.add_column("nominations", sa.Column("offer_ends_at", UtcDateTime(), nullable=True))
    op.create_index("ix_nominations_waiting_place", "nominations", ["waiting_place"], unique=True)
    op.create_table(
        "handovers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seat", sa.String(length=64), nullable=False),
        sa.Column("giver", sa.String(length=36), nullable=True),
        sa.Column("taker", sa.String(length=36), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_handovers_seat", "handovers", ["seat"], unique=False)


def open_questions() -> None:
    """Make room for questions and for the answers that stay."""
    op.create_table(
        "questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asker", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=True),
        sa.Column("section", sa.String(length=64), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("assignee", sa.String(length=36), nullable=True),
        sa.Column("seat", sa.String(length=64), nullable=True),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.String(length=36), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rating_comment", sa.Text(), nullable=True),
        sa.Column("faq", sa.String(length=36), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("asker", "assignee", "due_at", "state"):
        op.create_index(f"ix_questions_{column}", "questions", [column], unique=False)
    op.create_table(
        "faq_entries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("policy_id", sa.String(length=36), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("section_hash", sa.String(length=80), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_faq_entries_policy_id", "faq_entries", ["policy_id"], unique=False)


def make_searchable() -> None:
    """Make the documents and, beside them, the database's own full-text index over their folded words."""
    op.create_table(
        "search_documents",
        sa.Column("place", Position, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.String(length=36), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    for column in ("entry", "policy"):
        op.create_index(f"ix_search_documents_{column}", "search_documents", [column], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        # The words are folded already, see domain/search.py.
        op.execute(
            "CREATE VIRTUAL TABLE fts_search USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.execute("CREATE TABLE fts_search (place bigint PRIMARY KEY, words tsvector NOT NULL)")
        op.execute("CREATE INDEX fts_search_words ON fts_search USING gin (words)")
