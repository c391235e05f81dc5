"""The evidence log as a whole: read head by head with all entries, and verified from the first head on.

`Chain` needs nothing but what a page carries and the public key, so that whoever reads a log verifies it without trust
in the service or its database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel
from sqlalchemy import RowMapping, func, select
from sqlalchemy.orm import Session as PlainSession

from shared.evidence import NOTHING, commitment, head_hash, head_text, leaf_hash, merkle_root, signed
from shared.tables import evidence_entries, evidence_heads

HEADS = 200
ENTRIES = 2_000
"""A page ends with the head that brings it to so many entries."""
ASTRAY = 10


class Persons(StrEnum):
    """Whether the names that a service keeps beside an entry are those that the entry commits to."""

    KEPT = "kept"
    ERASED = "erased"
    CHANGED = "changed"


class SealedEntry(BaseModel):
    """An entry under a head; `leaf` is the hash that was kept for `body` when it was entered."""

    entry: str
    place: int
    body: str
    leaf: str
    persons: Persons


class SealedBatch(BaseModel):
    """A signed head, as the exact text that was signed, with its entries in their order."""

    number: int
    head: str
    signature: str
    key_id: str
    entries: list[SealedEntry]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some heads of a log, in order; `last` says that there are no more.

    `astray` names entries whose head is gone from the end of the log; `waiting` counts those not sealed yet.
    """

    batches: list[SealedBatch]
    last: bool
    astray: list[str]
    waiting: int


@dataclass(frozen=True, slots=True)
class BadEntry:
    """Where an evidence log first disagrees with itself; `place` counts the entries of a head from 0."""

    head: int
    entry: str | None
    why: str
    place: int | None = None

    def __str__(self) -> str:
        """Say where and why."""
        where = "" if self.entry is None else f", place {self.place}, entry {self.entry}"
        return f"head {self.head}{where}: {self.why}"


class Chain:
    """Verifies a log batch by batch; `number` and `hash` are those of the last sound head."""

    def __init__(self, service: str, key: Ed25519PublicKey) -> None:
        self._service = service
        self._key = key
        self.number = 0
        self.hash = NOTHING
        self.entries = 0

    def add(self, batch: SealedBatch) -> BadEntry | None:
        """Verify the next batch and return the first place where it was changed, or None."""
        head = orjson.loads(batch.head)
        bad = bad_entry(batch) or bad_batch(batch, head)
        if bad is not None:
            return bad
        follows_on = (head["service"], head["number"], head["previous"]) == (self._service, self.number + 1, self.hash)
        if batch.number != head["number"] or not follows_on:
            return BadEntry(self.number + 1, None, "the head was changed, or one before it is missing")
        if not signed(batch.head, batch.signature, self._key):
            return BadEntry(batch.number, None, "the head was changed, or it was not signed with this key")
        self.number += 1
        self.hash = head_hash(batch.head)
        self.entries += len(batch.entries)
        return None


def bad_entry(batch: SealedBatch) -> BadEntry | None:
    """Return the first entry of a batch that was changed."""
    for place, entry in enumerate(batch.entries):
        why = None
        if leaf_hash(entry.body) != entry.leaf or as_object(entry.body).get("id") != entry.entry:
            why = "the entry was changed"
        elif entry.place != place:
            why = "the entry is not at this place, or one before it is missing"
        elif entry.persons is Persons.CHANGED:
            why = "the names kept for its actor and person are not those that it commits to"
        if why is not None:
            return BadEntry(batch.number, entry.entry, why, place)
    return None


def as_object(text: str) -> dict[str, Any]:
    """Read JSON that somebody may have changed; what is no object any more says nothing."""
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}


def bad_batch(batch: SealedBatch, head: dict[str, object]) -> BadEntry | None:
    """Say whether the entries of a batch are not the ones that its head was signed over."""
    missing = int(str(head["size"])) - len(batch.entries)
    if missing:
        return BadEntry(batch.number, None, f"{missing} of its entries are missing")
    if merkle_root([entry.leaf for entry in batch.entries]) != head["root"]:
        return BadEntry(batch.number, None, "its entries do not give its root")
    return None


def verify_log(session: PlainSession, service: str, key: Ed25519PublicKey) -> BadEntry | None:
    """Walk the whole log and return the first place where it was changed, or None."""
    chain = Chain(service, key)
    while True:
        stretch = read_stretch(session, service, chain.number, HEADS)
        for batch in stretch.batches:
            bad = chain.add(batch)
            if bad is not None:
                return bad
        if stretch.last:
            return went_astray(chain.number, stretch.astray)


def went_astray(last: int, entries: Sequence[str]) -> BadEntry | None:
    """Say of entries without their heads that the end of the log is gone."""
    return BadEntry(last + 1, entries[0], "the head of this entry is gone") if entries else None


def read_stretch(session: PlainSession, service: str, after: int, limit: int) -> Stretch:
    """Return the heads after a number, at most `limit`, with all their entries."""
    query = select(evidence_heads).where(evidence_heads.c.number > after).order_by(evidence_heads.c.number)
    found = session.execute(query.limit(limit + 1)).mappings().all()
    heads = found[: heads_of_a_page([head["size"] for head in found[:limit]])]
    entries: dict[int, list[SealedEntry]] = {head["number"]: [] for head in heads}
    if heads:
        rows = select(evidence_entries).where(evidence_entries.c.head.between(heads[0]["number"], heads[-1]["number"]))
        for row in session.execute(rows.order_by(evidence_entries.c.head, evidence_entries.c.place)).mappings():
            entries.setdefault(row["head"], []).append(sealed_entry(row))
    batches = [
        SealedBatch(
            number=head["number"],
            head=head_text(service, head),
            signature=head["signature"],
            key_id=head["key_id"],
            entries=entries[head["number"]],
        )
        for head in heads
    ]
    last = len(heads) == len(found)
    return Stretch(batches, last, astray(session) if last else [], waiting(session) if last else 0)


def heads_of_a_page(sizes: Sequence[int]) -> int:
    """Return how many heads fill a page: up to the one that brings it to ENTRIES."""
    total = 0
    for count, size in enumerate(sizes, start=1):
        total += size
        if total >= ENTRIES:
            return count
    return len(sizes)


def sealed_entry(row: RowMapping) -> SealedEntry:
    """Return an entry as it is read out: without the names, but with whether they are the ones it commits to."""
    return SealedEntry(entry=row["id"], place=row["place"], body=row["body"], leaf=row["leaf"], persons=persons_of(row))


def persons_of(row: RowMapping) -> Persons:
    """Compare the names that are kept with what the entry commits to; of two, one may have been erased."""
    if row["personal"] is None:
        return Persons.ERASED
    kept, body = as_object(row["personal"]), as_object(row["body"])
    same = bool(kept) and all(
        name in {"actor", "person"} and body.get(name) == (commitment(row["salt"], who) if who is not None else None)
        for name, who in kept.items()
    )
    return Persons.KEPT if same else Persons.CHANGED


def astray(session: PlainSession) -> list[str]:
    """Return entries, some at most, whose head is no longer at the end of the log."""
    newest = select(func.coalesce(func.max(evidence_heads.c.number), 0)).scalar_subquery()
    query = select(evidence_entries.c.id).where(evidence_entries.c.head > newest)
    return list(
        session.execute(query.order_by(evidence_entries.c.head, evidence_entries.c.place).limit(ASTRAY)).scalars()
    )


def waiting(session: PlainSession) -> int:
    """Return how many entries have no head yet."""
    query = select(func.count()).select_from(evidence_entries).where(evidence_entries.c.head.is_(None))
    return session.execute(query).scalar_one()
