"""Webhooks, what is due to them, and what became of it."""

import sqlalchemy as sa
from alembic import op

from shared.tables import Position, UtcDateTime

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of endpoints and of deliveries."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("ordering", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("paused_because", sa.String(20)),
        sa.Column("paused_at", UtcDateTime()),
        sa.Column("created_by", sa.String(100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_until", UtcDateTime()),
        sa.Column("epoch", sa.String(20), nullable=False),
        sa.Column("position", Position, nullable=False),
        sa.Column("replay_position", Position),
        sa.Column("replay_until", Position),
        sa.Column("replay_types", sa.JSON()),
        sa.Column("failing_since", UtcDateTime()),
        sa.Column("delivered_at", UtcDateTime()),
    )
    op.create_index("ix_webhooks_created_by", "webhooks", ["created_by"])
    make_deliveries()


def make_deliveries() -> None:
    """Make the table of deliveries, with the few indexes that a busy endpoint can afford."""
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("webhook", sa.String(36), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime()),
        sa.Column("ended_at", UtcDateTime()),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text()),
        sa.Column("body", sa.LargeBinary()),
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index("webhook_deliveries_of", "webhook_deliveries", ["webhook", "id"])
    waiting, answered = sa.text("state = 'waiting'"), sa.text("answers IS NOT NULL")
    op.create_index(
        "webhook_deliveries_waiting",
        "webhook_deliveries",
        ["webhook", "next_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index(
        "webhook_deliveries_answered",
        "webhook_deliveries",
        ["subject"],
        sqlite_where=answered,
        postgresql_where=answered,
    )
