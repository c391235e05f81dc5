"""An evidence log read through the API and verified to its end, also against heads that were kept elsewhere."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rich.progress import Progress

from services.client import Api
from shared.evidence_chain import HEADS, BadEntry, Chain, SealedBatch, went_astray


@dataclass(frozen=True, slots=True)
class Kept:
    """A head that was kept elsewhere: what the log had at that number, under which key."""

    number: int
    hash: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of verifying a log: how far it is sound, and the first thing that is wrong with it."""

    last: Kept
    entries: int
    waiting: int
    bad: str | None


def read_kept(path: Path | None) -> dict[str, Kept]:
    """Read the heads that were kept the last time, if there was one."""
    if path is None or not path.exists():
        return {}
    return {name: Kept(**head) for name, head in json.loads(path.read_text()).items()}


def verify(api: Api, service: str, kept: Kept | None, progress: Progress) -> Verdict:
    """Verify the log of one service page by page, with no more than one of them in memory."""
    path = f"/v1/operations/{service}/evidence"
    page = api.get(path, limit=HEADS)
    key = kept.public_key if kept else page["public_key"]
    chain = Chain(service, Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    task = progress.add_task(service, total=None)
    while True:
        bad = verify_page(chain, page, kept)
        progress.update(task, completed=chain.number)
        if bad is not None or page["next_cursor"] is None:
            break
        page = api.get(path, limit=HEADS, cursor=page["next_cursor"])
    progress.update(task, total=chain.number)
    if bad is None:
        bad = said(went_astray(chain.number, page["astray"])) or missing(chain, kept)
    return Verdict(Kept(chain.number, chain.hash, key), chain.entries, page["waiting"], bad)


def verify_page(chain: Chain, page: dict[str, Any], kept: Kept | None) -> str | None:
    """Verify the heads of a page, and that a head which was kept is still the same."""
    for item in page["items"]:
        bad = chain.add(SealedBatch.model_validate(item))
        if bad is not None:
            return str(bad)
        if kept is not None and chain.number == kept.number and chain.hash != kept.hash:
            return f"head {chain.number}: it is not the one that was kept; the log was written anew"
    return None


def missing(chain: Chain, kept: Kept | None) -> str | None:
    """Say that the log ends before a head that was kept."""
    if kept is None or chain.number >= kept.number:
        return None
    return f"head {chain.number + 1}: it is gone; the log had {kept.number} heads when they were kept"


def said(bad: BadEntry | None) -> str | None:
    """Return what is wrong as a text."""
    return str(bad) if bad is not None else None
