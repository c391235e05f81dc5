"""The signed heads of an evidence log without its entries: what a witness outside keeps, so that no log is written anew."""

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping, select

from shared.db import Session
from shared.evidence import head_hash, head_text
from shared.tables import evidence_heads


class SignedHead(BaseModel):
    """A head as the exact text that was signed; `hash` is the SHA-256 by which the next head names it."""

    service: str
    number: int
    hash: str
    head: str
    signature: str
    key_id: str


class HeadsQuery(BaseModel):
    """Which heads: those after a number."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(default=0, ge=0)
    limit: int = Field(default=200, ge=1, le=1000)


class HeadsPage(BaseModel):
    """Heads of one service in their order, and the key that verifies them."""

    items: list[SignedHead]
    public_key: str = Field(description="Ed25519, hex; verifies the heads, once one knows that it is the service's.")


def read_heads(session: Session, service: str, after: int, limit: int) -> list[SignedHead]:
    """Return the heads after a number, at most `limit`."""
    query = select(evidence_heads).where(evidence_heads.c.number > after).order_by(evidence_heads.c.number)
    return [signed_head(service, head) for head in session.execute(query.limit(limit)).mappings()]


def signed_head(service: str, head: RowMapping) -> SignedHead:
    """Return a head as it is given away."""
    text = head_text(service, head)
    return SignedHead(
        service=service,
        number=head["number"],
        hash=head_hash(text),
        head=text,
        signature=head["signature"],
        key_id=head["key_id"],
    )
