"""Items on their way in: what is none of our business is dropped before it is stored, the rest is kept or deleted."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from services.monitoring.domain import account_proofs
from services.monitoring.domain.posts import deletions, dropped, posts, relevance
from services.monitoring.schemas.posts import DeletionIn, Item, PostAnswer, PostIn
from shared.db import Session


class Tallied(NamedTuple):
    """What became of a batch from a source."""

    kept: int
    duplicates: int
    dropped: int
    rejected: int


def push(session: Session, items: Sequence[Item]) -> list[PostAnswer]:
    """Take in what somebody sent, and answer each item in its order."""
    return take_in(session, items, None)


def take_in(session: Session, items: Sequence[Item], source: str | None) -> list[PostAnswer]:
    """Keep what is new, follow what changed, drop and count what is not ours; deletions come after all posts."""
    account_proofs.look_for(session, [item for item in items if isinstance(item, PostIn)])
    sifted = relevance.sift(session, [item for item in items if isinstance(item, PostIn)], source)
    kept = iter(posts.ingest(session, [one for one in sifted if isinstance(one, PostIn)], source))
    answers = iter([next(kept) if isinstance(one, PostIn) else one.answer for one in sifted])
    deleted = iter(deletions.delete_all(session, [item for item in items if isinstance(item, DeletionIn)], source))
    dropped.count(session, [one for one in sifted if not isinstance(one, PostIn)], source)
    return [
        item if isinstance(item, PostAnswer) else next(answers if isinstance(item, PostIn) else deleted)
        for item in items
    ]


def tally(items: Sequence[Item], answers: Sequence[PostAnswer]) -> Tallied:
    """Count what became of a batch; a deletion of what we never had concerns nobody."""
    pairs = [
        (item, answer)
        for item, answer in zip(items, answers, strict=True)
        if not (isinstance(item, DeletionIn) and answer.status == "rejected")
    ]
    not_ours = sum(answer.reason in relevance.DROPPED for _, answer in pairs)
    statuses = Counter(answer.status for _, answer in pairs)
    return Tallied(statuses["accepted"], statuses["duplicate"], not_ours, statuses["rejected"] - not_ours)
