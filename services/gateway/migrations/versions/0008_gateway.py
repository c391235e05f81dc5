"""What is embedded elsewhere: which versions came into force, for those who follow along."""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from shared.tables import UtcDateTime

revision = "gateway_0008"
down_revision = "gateway_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and enter what is in force now; what was before is not known here."""
    made = op.create_table(
        "policy_changes",
        sa.Column("policy", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_policy_changes_effective_at", "policy_changes", ["effective_at"])
    kept = op.get_bind().execute(sa.text("SELECT policy, body FROM policy_answers WHERE body IS NOT NULL"))
    rows = [change_of(policy, json.loads(bytes(body))) for policy, body in kept]
    if rows:
        op.bulk_insert(made, rows)


def change_of(policy: str, said: dict[str, object]) -> dict[str, object]:
    """Return the row for a policy as its owner answered for it."""
    at = datetime.fromisoformat(str(said["effective_at"]))
    return {"policy": policy, "version": said["version"], "title": said["title"], "effective_at": at}
