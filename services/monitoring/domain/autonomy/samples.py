"""Which replies of those who are neither watched nor left alone are looked at after they went out."""

import hashlib

from services.monitoring.domain.autonomy import levels
from services.monitoring.settings import terms
from services.monitoring.tables import Reply, ReplySample
from shared.db import Session

PARTS = 10_000


def draw(session: Session, reply: Reply, network: str) -> None:
    """Draw a reply that went out without a colleague's look, if its author is sampled there and the lot falls on it.

    The lot is in the reply's id, which is made when it is sent: nobody can know it before, and it falls the same way if
    the unit is run again.
    """
    lot = int.from_bytes(hashlib.sha256(reply.id.encode()).digest()[:8]) % PARTS
    if lot < terms().sampled_share * PARTS and levels.level(session, reply.person, network) == "sampled":
        session.add(ReplySample(reply=reply.id, author=reply.person, network=network, drawn_at=session.now))
        session.flush()
