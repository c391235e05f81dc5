"""The question bank, sittings with a time limit, answers of all kinds, and accommodations."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0005"
down_revision = "training_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and let sittings and answers from before go on."""
    make_bank()
    widen_attempts()
    keep_answers_by_their_form()
    make_what_follows_from_sittings()


def make_bank() -> None:
    """Make the tables of questions and of the rules that some ask for."""
    op.create_table(
        "bank_questions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("difficulty", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("course", "key"),
    )
    op.create_table(
        "bank_question_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("question", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("question", "number"),
    )
    op.create_table(
        "bank_question_tags",
        sa.Column("question", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("question", "tag"),
    )
    op.create_table(
        "rules_in_force",
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "rule"),
    )


def widen_attempts() -> None:
    """Add the time that a sitting has, of which those from before had no limit, and the version that it is of."""
    op.add_column("attempts", sa.Column("time_limit", sa.Integer(), nullable=True))
    op.add_column("attempts", sa.Column("deadline", UtcDateTime(), nullable=True))
    op.add_column("attempts", sa.Column("closes_at", UtcDateTime(), nullable=True))
    op.add_column("attempts", sa.Column("time_factor", sa.Float(), nullable=False, server_default="1"))
    op.add_column("attempts", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    attempts = sa.table("attempts", sa.column("enrolment"), sa.column("version"))
    enrolments = sa.table("enrolments", sa.column("id"), sa.column("version"))
    of = sa.select(enrolments.c.version).where(enrolments.c.id == attempts.c.enrolment).scalar_subquery()
    op.execute(attempts.update().values(version=sa.func.coalesce(of, 0)))
    op.create_index(
        "attempts_closing",
        "attempts",
        ["closes_at"],
        unique=False,
        sqlite_where=sa.text("submitted_at IS NULL"),
        postgresql_where=sa.text("submitted_at IS NULL"),
    )


def keep_answers_by_their_form() -> None:
    """Move the options chosen into the form in which answers of all kinds are kept."""
    op.add_column("answers", sa.Column("given", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("answers", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    postgresql = op.get_bind().dialect.name == "postgresql"
    form = "json_build_object('options', options)" if postgresql else "json_object('options', json(options))"
    op.execute(sa.table("answers", sa.column("given")).update().values(given=sa.literal_column(form)))
    op.drop_column("answers", "options")


def make_what_follows_from_sittings() -> None:
    """Make the tables of graded answers, granted sittings and accommodations."""
    op.create_table(
        "graded_answers",
        sa.Column("attempt", sa.String(length=36), nullable=False),
        sa.Column("item", sa.String(length=36), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bank", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=True),
        sa.Column("earned", sa.Float(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("graded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("attempt", "item"),
    )
    op.create_index("graded_answers_question", "graded_answers", ["course", "question"], unique=False)
    op.create_table(
        "extra_attempts",
        sa.Column("enrolment", sa.String(length=36), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("enrolment", "module"),
    )
    op.create_table(
        "accommodations",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("time_factor", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
