"""Certification in full: how tiers are renewed and reminded of, terms of certificates, who did what, proposals."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "training_0006"
down_revision = "training_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Complete the tables; what is kept goes on as it was."""
    complete_certifications()
    complete_certificates()
    open_proposals()
    remember_absences()


def complete_certifications() -> None:
    """Say of whom a tier asks, how it is renewed, when to remind, and what a new version of a course does."""
    op.add_column("certifications", sa.Column("regions", sa.JSON(), nullable=True))
    op.add_column(
        "certifications",
        sa.Column("renewal_mode", sa.String(length=20), nullable=False, server_default="from_completion"),
    )
    op.add_column("certifications", sa.Column("renewal_days", sa.Integer(), nullable=True))
    op.add_column("certifications", sa.Column("renewal_date", sa.String(length=5), nullable=True))
    op.add_column("certifications", sa.Column("minimum_days", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "certifications", sa.Column("reminder_days", sa.JSON(), nullable=False, server_default="[90, 60, 30, 7]")
    )
    op.add_column("certifications", sa.Column("on_new_version", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("certifications", sa.Column("defined_at", UtcDateTime(), nullable=True))
    op.create_table(
        "version_cutoffs",
        sa.Column("certification", sa.String(length=64), nullable=False),
        sa.Column("course", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("certification", "course"),
    )


def complete_certificates() -> None:
    """Keep terms, both links of a renewal, and who changed what why; the clock looks at each once, for its reminders."""
    op.add_column("certificates", sa.Column("renewable_from", UtcDateTime(), nullable=True))
    op.add_column("certificates", sa.Column("past_terms", sa.JSON(), nullable=True))
    op.add_column("certificates", sa.Column("replaced_by", sa.String(length=36), nullable=True))
    op.add_column("certificates", sa.Column("seen_to", UtcDateTime(), nullable=True))
    op.add_column("certificate_changes", sa.Column("actor", sa.String(length=100), nullable=True))
    op.add_column("certificate_changes", sa.Column("reason", sa.Text(), nullable=True))
    op.create_index("ix_certificate_changes_certificate", "certificate_changes", ["certificate"], unique=False)
    certificates = sa.table(
        "certificates",
        sa.column("id", sa.String),
        sa.column("replaces", sa.String),
        sa.column("replaced_by", sa.String),
        sa.column("seen_to", UtcDateTime()),
        sa.column("next_turn_at", UtcDateTime()),
    )
    now = datetime.now(UTC)
    op.execute(
        certificates.update()
        .where(certificates.c.next_turn_at.is_not(None))
        .values(
            seen_to=now,
            next_turn_at=sa.case((certificates.c.next_turn_at < now, certificates.c.next_turn_at), else_=now),
        )
    )
    # By a table of pairs: asked row by row, an index on `replaces` would be wanted for this once.
    op.execute(
        "CREATE TEMPORARY TABLE replacements AS SELECT replaces, id FROM certificates WHERE replaces IS NOT NULL"
    )
    op.execute("CREATE INDEX replacements_by_old ON replacements (replaces)")
    op.execute(
        "UPDATE certificates SET replaced_by = (SELECT r.id FROM replacements r WHERE r.replaces = certificates.id) "
        "WHERE id IN (SELECT replaces FROM replacements)"
    )
    op.execute("DROP TABLE replacements")


def open_proposals() -> None:
    """Make the table of proposed suspensions."""
    op.create_table(
        "suspension_proposals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("certificate", sa.String(length=36), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("certification", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("finding", sa.String(length=36), nullable=True),
        sa.Column("proposed_by", sa.String(length=100), nullable=True),
        sa.Column("proposer", sa.String(length=36), nullable=True),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_suspension_proposals_certificate", "suspension_proposals", ["certificate"], unique=False)
    op.create_index("ix_suspension_proposals_state", "suspension_proposals", ["state"], unique=False)
    op.create_index(
        "suspension_proposals_open",
        "suspension_proposals",
        ["person", "certification"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def remember_absences() -> None:
    """Make the table of absences, with those who are gone."""
    op.create_table(
        "absences",
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("left_at", UtcDateTime(), nullable=False),
        sa.Column("back_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("person", "left_at"),
    )
    op.execute(
        "INSERT INTO absences (person, left_at, back_at) SELECT id, left_at, NULL FROM people WHERE left_at IS NOT NULL"
    )
