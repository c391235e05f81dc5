"""People are known by the numbers that they had before, too, and certificates by their order."""

import sqlalchemy as sa
from alembic import op

revision = "gateway_0004"
down_revision = "gateway_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a store that knows people and certificates without them loads the snapshots anew."""
    op.add_column("holders", sa.Column("former_numbers", sa.Text()))
    op.add_column("held_certificates", sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
    if sa.inspect(op.get_bind()).has_table("marks"):
        op.execute("DELETE FROM marks WHERE name = 'consumer.types'")
