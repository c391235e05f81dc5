"""Courses and learning in full."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0004"
down_revision = "training_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and take over what was written before."""
    complete_courses()
    complete_enrolments()
    make_scenarios()
    make_tasks()
    make_live_sessions()
    keep_sections()


def complete_courses() -> None:
    """Let a version be a draft, with files; the versions that are there are all published."""
    op.add_column("course_versions", sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("course_versions", sa.Column("published_at", UtcDateTime(), nullable=True))
    op.add_column("course_versions", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE course_versions SET published_at = created_at")
    op.create_table(
        "assets",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_table(
        "course_assets",
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("course", "hash"),
    )


def complete_enrolments() -> None:
    """Let an enrolment have a due date and a place to resume at; lessons that were read are modules that are done."""
    op.add_column("enrolments", sa.Column("due_at", UtcDateTime(), nullable=True))
    op.add_column("enrolments", sa.Column("position", sa.JSON(), nullable=True))
    op.add_column("enrolments", sa.Column("anew", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "modules_done",
        sa.Column("enrolment", sa.String(length=36), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("enrolment", "module"),
    )
    op.execute(
        "INSERT INTO modules_done (enrolment, module, done_at) SELECT enrolment, module, read_at FROM lessons_read"
    )
    op.drop_table("lessons_read")


def make_scenarios() -> None:
    """Make room for ways through scenarios."""
    op.create_table(
        "scenario_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("enrolment", sa.String(length=36), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("ending", sa.String(length=10), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scenario_runs_enrolment", "scenario_runs", ["enrolment"], unique=False)
    op.create_index(
        "scenario_runs_open",
        "scenario_runs",
        ["enrolment", "module"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "scenario_choices",
        sa.Column("run", sa.String(length=36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("reply", sa.String(length=64), nullable=False),
        sa.Column("chosen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("run", "place"),
    )


def make_tasks() -> None:
    """Make room for what is handed in."""
    op.create_table(
        "task_submissions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("enrolment", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("reviewer", sa.String(length=36), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("enrolment", "person", "state"):
        op.create_index(f"ix_task_submissions_{column}", "task_submissions", [column], unique=False)
    op.create_index(
        "task_submissions_open",
        "task_submissions",
        ["enrolment", "module"],
        unique=True,
        sqlite_where=sa.text("state = 'submitted'"),
        postgresql_where=sa.text("state = 'submitted'"),
    )


def make_live_sessions() -> None:
    """Make room for dates and for who comes."""
    op.create_table(
        "live_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("module", sa.String(length=64), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("host", sa.String(length=36), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("live_sessions_course", "live_sessions", ["course", "starts_at"], unique=False)
    op.create_table(
        "live_registrations",
        sa.Column("session", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("enrolment", sa.String(length=36), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("session", "person"),
    )
    op.create_index("ix_live_registrations_person", "live_registrations", ["person"], unique=False)


def keep_sections() -> None:
    """Keep what sections say; a store that knows versions without their words loads the policies' snapshots anew."""
    op.create_table(
        "policy_sections",
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "version", "section"),
    )
    if sa.inspect(op.get_bind()).has_table("marks"):
        op.execute("DELETE FROM marks WHERE name = 'consumer.types'")
