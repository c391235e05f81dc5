"""Enrolment by rule, paths and reminders."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0010"
down_revision = "training_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; people who are on a course that is due are reminded from now on."""
    complete_enrolments()
    make_rules()
    make_paths()
    make_copies()


def complete_enrolments() -> None:
    """Say why somebody is on a course, that it is not asked of them any more, and when they are next reminded."""
    op.add_column("enrolments", sa.Column("rule", sa.String(64), nullable=True))
    op.add_column("enrolments", sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    op.add_column("enrolments", sa.Column("seen_to", UtcDateTime(), nullable=True))
    op.add_column("enrolments", sa.Column("next_turn_at", UtcDateTime(), nullable=True))
    op.create_index("ix_enrolments_next_turn_at", "enrolments", ["next_turn_at"])
    op.execute("UPDATE enrolments SET next_turn_at = created_at WHERE due_at IS NOT NULL AND completed_at IS NULL")


def make_rules() -> None:
    """Make room for rules, whom they found, and for whom they are to be looked at."""
    op.create_table(
        "enrolment_rules",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("course", sa.String(64)),
        sa.Column("path", sa.String(64)),
        sa.Column("certification", sa.String(64)),
        sa.Column("due_days", sa.Integer()),
        sa.Column("applies", sa.JSON(), nullable=False),
        sa.Column("otherwise", sa.String(10), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "rule_matches",
        sa.Column("rule", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("matched_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
    )
    op.create_index("ix_rule_matches_person", "rule_matches", ["person"])
    op.create_table(
        "assignments_waiting",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("cause", sa.String(80), primary_key=True),
        sa.Column("token", sa.String(36), nullable=False),
    )


def make_paths() -> None:
    """Make room for paths, who is on them, and what is offered to whom."""
    op.create_table(
        "learning_paths",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("in_order", sa.Boolean(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "path_members",
        sa.Column("path", sa.String(64), primary_key=True),
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("rule", sa.String(64)),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
    )
    op.create_index("ix_path_members_person", "path_members", ["person"])
    op.create_table(
        "course_offers",
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("self_service", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )


def make_copies() -> None:
    """Make room for what the policy service tells of the task team and of campaigns."""
    op.create_table(
        "team_seats",
        sa.Column("seat", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("person", sa.String(36)),
    )
    op.create_index("ix_team_seats_person", "team_seats", ["person"])
    op.create_table(
        "acknowledgements_asked",
        sa.Column("campaign", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_acknowledgements_asked_person", "acknowledgements_asked", ["person"])
