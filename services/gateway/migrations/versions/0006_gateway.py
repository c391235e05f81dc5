"""Sessions that a provider opened, what a sign-in waits for, and keys that are rotated."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "gateway_0006"
down_revision = "gateway_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; for a session from before, nobody knows when its person last proved who they are."""
    op.add_column("api_keys", sa.Column("former_prefix", sa.String(20)))
    op.add_column("api_keys", sa.Column("former_hash", sa.String(64)))
    op.add_column("api_keys", sa.Column("former_until", UtcDateTime()))
    op.add_column("sessions", sa.Column("roles", sa.JSON()))
    op.add_column("sessions", sa.Column("authenticated_at", UtcDateTime()))
    op.add_column("sessions", sa.Column("last_seen_at", UtcDateTime()))
    op.add_column("sessions", sa.Column("issuer", sa.String(300)))
    op.add_column("sessions", sa.Column("subject", sa.String(255)))
    op.add_column("sessions", sa.Column("provider_session", sa.String(255)))
    op.create_index("ix_sessions_subject", "sessions", ["subject"])
    op.create_table(
        "pending_sign_ins",
        sa.Column("state_hash", sa.String(64), primary_key=True),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(100), nullable=False),
        sa.Column("verifier", sa.String(100), nullable=False),
        sa.Column("next", sa.String(500), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_pending_sign_ins_created_at", "pending_sign_ins", ["created_at"])
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(300), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_identities_person", "identities", ["person"])
