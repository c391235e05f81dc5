"""Large files of people are kept as they came until they are read."""

import sqlalchemy as sa
from alembic import op

revision = "training_0012"
down_revision = "training_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of their pieces."""
    op.create_table(
        "people_import_pieces",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("serial", "number"),
    )
