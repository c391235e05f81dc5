"""What coaches need: the queue, templates, praise, opened posts; and what was true when something was posted."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "monitoring_0007"
down_revision = "monitoring_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the columns."""
    op.add_column("findings", sa.Column("disturbing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("findings", sa.Column("mended", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("findings", sa.Column("claimed_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_findings_claimed_at"), "findings", ["claimed_at"], unique=False)
    # A claim of before is counted from when it last changed, so that it comes back like any other.
    op.execute("UPDATE findings SET claimed_at = changed_at WHERE state = 'claimed'")
    widen_guidance()
    op.add_column("people", sa.Column("manager", sa.String(length=36), nullable=True))
    op.add_column("policies_in_force", sa.Column("headings", sa.JSON(), nullable=False, server_default="{}"))
    make_coaching_tables()
    make_tables_of_then()


def widen_guidance() -> None:
    """Let guidance praise, cite a section and be read; that of before takes over what its finding says."""
    with op.batch_alter_table("guidance") as table:
        table.alter_column("finding", existing_type=sa.String(length=36), nullable=True)
    op.add_column("guidance", sa.Column("post", sa.String(length=36), nullable=True))
    op.add_column("guidance", sa.Column("kind", sa.String(length=12), nullable=False, server_default="correction"))
    op.add_column("guidance", sa.Column("department", sa.String(length=200), nullable=True))
    op.add_column("guidance", sa.Column("policy", sa.String(length=64), nullable=True))
    op.add_column("guidance", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("guidance", sa.Column("section", sa.String(length=200), nullable=True))
    op.add_column("guidance", sa.Column("heading", sa.String(length=500), nullable=True))
    op.add_column("guidance", sa.Column("read_at", UtcDateTime(), nullable=True))
    op.create_index("guidance_given", "guidance", ["given_at"], unique=False)
    for column in ("post", "department", "policy", "version", "section"):
        op.execute(
            f"UPDATE guidance SET {column} = "  # noqa: S608  the columns above
            f"(SELECT {column} FROM findings WHERE findings.id = guidance.finding)"
        )


def make_coaching_tables() -> None:
    """Make the tables of what coaches write and look at."""
    op.create_table(
        "guidance_messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("guidance", sa.String(length=36), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_guidance_messages_author"), "guidance_messages", ["author"], unique=False)
    op.create_index(op.f("ix_guidance_messages_guidance"), "guidance_messages", ["guidance"], unique=False)
    op.create_table(
        "guidance_templates",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("better_wording", sa.Text(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("guidance_templates_rule", "guidance_templates", ["policy", "rule"], unique=False)
    op.create_table(
        "openings",
        sa.Column("finding", sa.String(length=36), nullable=False),
        sa.Column("coach", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("finding", "coach"),
    )
    op.create_index("openings_coach", "openings", ["coach", "at"], unique=False)


def make_tables_of_then() -> None:
    """Make the tables of what was so for a while, and of rules on trial."""
    op.create_table(
        "shadow_matches",
        sa.Column("post", sa.String(length=36), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("post", "policy", "rule"),
    )
    op.create_table(
        "departments_held",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("department", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("person", "since"),
    )
    op.create_table(
        "certificates_withdrawn",
        sa.Column("certificate", sa.String(length=36), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("certificate", "since"),
    )
