"""Who is certified is kept here, too."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Position, UtcDateTime

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; a snapshot of the training service fills them at the next start."""
    op.create_table(
        "holders",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("employee_number", sa.String(64)),
        sa.Column("department", sa.String(200)),
        sa.Column("left_at", UtcDateTime()),
        sa.Column("position", Position, nullable=False),
    )
    op.create_index("ix_holders_position", "holders", ["position"])
    op.create_table(
        "held_certificates",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("certification", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expiring_from", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("grace_until", UtcDateTime(), nullable=False),
        sa.Column("renewable_from", UtcDateTime()),
        sa.Column("covered", sa.String(64), nullable=False),
        sa.Column("replaces", sa.String(36)),
        sa.Column("reason", sa.Text()),
    )
    op.create_index("ix_held_certificates_person", "held_certificates", ["person"])
    op.create_table(
        "covered_sections",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
