"""Nothing: what people are told has its tables since 0009. There are stores that have been here."""

revision = "gateway_0007"
down_revision = "gateway_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to the next."""
