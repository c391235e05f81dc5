"""How open conversations stand when messages come in: most are counted up by one statement, and never read whole.

Measured with 300 of them in a batch of 500 messages: reading all of each took a fifth of what the batch cost.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from services.monitoring.tables import Conversation, metadata
from shared.db import Session
from shared.statements import Prebuilt

CONVERSATIONS = metadata.tables["conversations"]
COUNT_UP = Prebuilt(
    update(CONVERSATIONS).where(CONVERSATIONS.c.id == bindparam("one")).values(revision=CONVERSATIONS.c.revision + 1)
)


class Standing(NamedTuple):
    """What says whether a message changes more of a conversation than its revision."""

    id: str
    state: str
    urgency: int


def of_open(session: Session, keys: Collection[str]) -> dict[str, Standing]:
    """Return how those of these conversations stand that are open, by what names them while they are."""
    columns = (col(Conversation.open_key), col(Conversation.id), col(Conversation.state), col(Conversation.urgency))
    found = session.execute(select(*columns).where(col(Conversation.open_key).in_(keys)))
    return {str(key): Standing(*rest) for key, *rest in found}


def read_whole(session: Session, ids: Collection[str]) -> dict[str, Conversation]:
    """Return open conversations themselves, by what names them while they are."""
    if not ids:
        return {}
    rows = session.execute(select(Conversation).where(col(Conversation.id).in_(ids)).order_by(col(Conversation.id)))
    return {str(one.open_key): one for one in rows.scalars()}


def read_anew(session: Session, conversation: str) -> Conversation:
    """Return a conversation as it is now: one that was only counted up may have been read before."""
    session.flush()
    return session.get_one(Conversation, conversation, populate_existing=True)


def count_up(session: Session, ids: Sequence[str]) -> None:
    """Count up the revisions of many conversations, by the driver: SQLAlchemy takes as long as all else."""
    if ids:
        COUNT_UP.run(session, *({"one": one} for one in ids))
