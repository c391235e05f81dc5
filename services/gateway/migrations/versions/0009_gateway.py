"""What people want to be told, and what is due to be sent to them."""

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "gateway_0009"
down_revision = "gateway_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and keep in which language people read; of those from before, training tells it at their next change."""
    op.add_column("people", sa.Column("locale", sa.String(35)))
    op.create_table(
        "notices",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("fact", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200)),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime()),
        sa.Column("over_at", UtcDateTime()),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("person", "kind", "fact"),
    )
    op.create_index("ix_notices_subject", "notices", ["subject"])
    op.create_index("ix_notices_created_at", "notices", ["created_at"])
    op.create_index("notices_of", "notices", ["person", "id"])
    new = sa.column("planned").is_(sa.false())
    op.create_index("notices_new", "notices", ["at"], sqlite_where=new, postgresql_where=new)
    op.create_table(
        "notice_preferences",
        sa.Column("person", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("email", sa.Boolean(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(2)),
        sa.Column("zone", sa.String(64)),
        sa.Column("digest_at", sa.String(5), nullable=False),
        sa.Column("quiet_from", sa.String(5)),
        sa.Column("quiet_until", sa.String(5)),
        sa.Column("quiet_days", sa.JSON(), nullable=False),
        sa.Column("chat_kind", sa.String(10)),
        sa.Column("chat_host", sa.String(255)),
        sa.Column("chat_url", sa.LargeBinary()),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "notice_sendings",
        sa.Column("notice", sa.String(36), primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("message", sa.String(36)),
    )
    op.create_index("ix_notice_sendings_message", "notice_sendings", ["message"])
    op.create_index("notice_sendings_of", "notice_sendings", ["person"])
    free = sa.column("message").is_(None)
    op.create_index("notice_sendings_free", "notice_sendings", ["due_at"], sqlite_where=free, postgresql_where=free)
    op.create_table(
        "notice_messages",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(200)),
        sa.Column("ended_at", UtcDateTime()),
    )
    op.create_index("ix_notice_messages_created_at", "notice_messages", ["created_at"])
    op.create_index("notice_messages_of", "notice_messages", ["person", "channel", "created_at"])
    waiting = sa.column("state") == "waiting"
    op.create_index(
        "notice_messages_waiting", "notice_messages", ["next_at"], sqlite_where=waiting, postgresql_where=waiting
    )
