"""An evidence log read through the API and verified to its end, also against heads that were kept elsewhere."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.progress import Progress

from services.client import Api
from shared.evidence import head_hash
from shared.evidence_chain import HEADS, BadEntry, Chain, SealedBatch, went_astray


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that was kept elsewhere: what the log had at that number, under which key."""

    number: int
    hash: str
    public_key: str


@dataclass(slots=True)
class Witnessed:
    """What a witness was sent of one log: its key, and the hash of each head by its number."""

    public_key: str
    heads: dict[int, str] = field(default_factory=dict)
    bad: str | None = None

    def add(self, number: int, digest: str) -> None:
        """Take in a head; two of one number are the log in two versions, which the witness alone shows."""
        if self.heads.setdefault(number, digest) != digest:
            self.bad = self.bad or f"head {number}: the witness was sent two of this number; the log was written anew"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying a log: how far it is sound, the first thing that is wrong, and how much a witness saw."""

    last: Kept
    entries: int
    waiting: int
    bad: str | None
    witnessed: int


def read_kept(path: Path | None) -> dict[str, Kept]:
    """Read the heads that were kept the last time, if there was one."""
    if path is None or not path.exists():
        return {}
    return {name: Kept(**head) for name, head in json.loads(path.read_text()).items()}


def read_witnessed(path: Path | None) -> dict[str, Witnessed]:
    """Read what a witness was sent: a line for each message."""
    found: dict[str, Witnessed] = {}
    for line in path.read_text().splitlines() if path is not None else ():
        message = json.loads(line)
        for service, key in message["public_keys"].items():
            found.setdefault(service, Witnessed(key))
        for head in message["items"]:
            found[head["service"]].add(head["number"], head_hash(head["head"]))
    return found


def verify(api: Api, service: str, kept: Kept | None, witnessed: Witnessed | None, progress: Progress) -> Verdict:
    """Verify the log of one service page by page, with no more than one of them in memory."""
    path = f"/v1/operations/{service}/evidence"
    page = api.get(path, limit=HEADS)
    key = kept.public_key if kept else witnessed.public_key if witnessed else page["public_key"]
    chain = Chain(service, Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    elsewhere = dict(witnessed.heads) if witnessed else {}
    if kept is not None:
        elsewhere[kept.number] = kept.hash
    task = progress.add_task(service, total=None)
    bad = witnessed.bad if witnessed else None
    while bad is None:
        bad = verify_page(chain, page, elsewhere)
        progress.update(task, completed=chain.number)
        if page["next_cursor"] is None:
            break
        page = api.get(path, limit=HEADS, cursor=page["next_cursor"])
    progress.update(task, total=chain.number)
    if bad is None:
        bad = said(went_astray(chain.number, page["astray"])) or missing(chain, elsewhere)
    seen = len(witnessed.heads) if witnessed else 0
    return Verdict(Kept(chain.number, chain.hash, key), chain.entries, page["waiting"], bad, seen)


def verify_page(chain: Chain, page: dict[str, Any], elsewhere: dict[int, str]) -> str | None:
    """Verify the heads of a page, and that those which were kept elsewhere are still the same."""
    for item in page["items"]:
        bad = chain.add(SealedBatch.model_validate(item))
        if bad is not None:
            return str(bad)
        if elsewhere.get(chain.number, chain.hash) != chain.hash:
            return f"head {chain.number}: it is not the one that was kept; the log was written anew"
    return None


def missing(chain: Chain, elsewhere: dict[int, str]) -> str | None:
    """Say that the log ends before a head that was kept elsewhere."""
    last = max(elsewhere, default=0)
    if chain.number >= last:
        return None
    return f"head {chain.number + 1}: it is gone; the log had {last} heads when they were kept"


def said(bad: BadEntry | None) -> str | None:
    """Return what is wrong as a text."""
    return str(bad) if bad is not None else None
