"""The keys that sign badges: one signs, those before it go on verifying, a revoked one no longer does.

The private half is kept encrypted under a key that is in no database: the file that the setting `badge_key` names.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col, select

from services.training.domain import access
from services.training.domain.badges import proofs
from services.training.schemas.badges import BadgeKeyOut, BadgeKeysOut
from services.training.tables import Badge, BadgeKey
from shared.conditions import expect
from shared.db import Session, insert
from shared.evidence import record
from shared.problems import Conflict, NotFound, Unavailable
from shared.safe import KeyFileLost, Safe
from shared.tables import counters


class BadgeKeyLost(Unavailable):
    """The key that signs badges cannot be read; make a new one (POST /v1/badge-keys) or bring its file back."""


class KeyInUse(Conflict):
    """This key signs badges; make another first, so that there is one that does."""


class Vault:
    """Keeps private keys encrypted under a key from a file, which is made where there is none."""

    def __init__(self, path: Path) -> None:
        self.kept = Safe(path, "badge keys")

    def seal(self, key: str, private: bytes) -> bytes:
        """Return the private half of a key as the database may keep it."""
        return self.kept.seal(key, private)

    def open(self, key: str, sealed: bytes | None) -> Ed25519PrivateKey:
        """Return the private half of a key; raises BadgeKeyLost when no key of the file is the one that sealed it."""
        try:
            return Ed25519PrivateKey.from_private_bytes(self.kept.open(key, sealed or b""))
        except KeyFileLost:
            raise BadgeKeyLost from None


def seal_anew(session: Session, safe: Safe) -> int:
    """Seal the keys that sign under the newest key of the file; returns how many were under another."""
    changed = 0
    for row in session.execute(select(BadgeKey).where(col(BadgeKey.sealed).is_not(None)).with_for_update()).scalars():
        sealed = safe.anew(row.id, row.sealed)
        if sealed is not None:
            row.sealed, changed = sealed, changed + 1
            record(session, "badge_key.sealed_anew", f"badge-keys/{row.id}")
    return changed


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is in no database yet."""

    id: str
    sealed: bytes


def make(vault: Vault) -> NewKey:
    """Return a new key."""
    private = Ed25519PrivateKey.generate()
    key = proofs.multikey(private.public_key())
    return NewKey(key, vault.seal(key, private.private_bytes_raw()))


def current(session: Session) -> BadgeKey | None:
    """Return the key that signs; None before the first badge."""
    return session.exec(select(BadgeKey).where(col(BadgeKey.retired_at).is_(None))).first()


def ensure(session: Session, made: NewKey) -> None:
    """Let a new key sign if there is none yet."""
    lock(session)
    if current(session) is None:
        keep(session, made)


def rotate(session: Session, made: NewKey) -> BadgeKeyOut:
    """Let a new key sign from now on; the private half of the one before is gone for good, its public half stays."""
    access.refuse_limited(session, "A key")
    lock(session)
    before = current(session)
    if before is not None:
        before.sealed = None
        before.retired_at = session.now
        before.revision += 1
        session.add(before)
        session.flush()
        record(session, "badge_key.retired", f"badge-key/{before.id}")
    return out(keep(session, made))


def keep(session: Session, made: NewKey) -> BadgeKey:
    """Write a new key."""
    key = BadgeKey(id=made.id, sealed=made.sealed, created_at=session.now)
    session.add(key)
    session.flush()
    record(session, "badge_key.made", f"badge-key/{key.id}")
    return key


def lock(session: Session) -> None:
    """Have keys made by one transaction at a time."""
    held = insert(session, counters).values(name="badge_keys", value=1)
    session.execute(held.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1}))


def revoke(session: Session, key: str, if_match: int | None) -> BadgeKeyOut:
    """Let a key verify nothing any more, because others may have had it; raises NotFound, Stale or KeyInUse.

    What it signed is signed anew when its holder asks for it.
    """
    access.refuse_limited(session, "A key")
    lock(session)
    found = session.get(BadgeKey, key)
    if found is None:
        raise NotFound(f"There is no key {key}.")
    expect(found.revision, if_match)
    if found.retired_at is None:
        raise KeyInUse
    if found.revoked_at is None:
        found.revoked_at = session.now
        found.revision += 1
        session.add(found)
        record(session, "badge_key.revoked", f"badge-key/{key}")
    return out(found)


def get(session: Session, key: str) -> BadgeKeyOut:
    """Return a key; raises NotFound."""
    found = session.get(BadgeKey, key)
    if found is None:
        raise NotFound(f"There is no key {key}.")
    return out(found)


def find(session: Session) -> BadgeKeysOut:
    """Return all keys."""
    return BadgeKeysOut(items=[out(key) for key in newest_first(session)])


def newest_first(session: Session) -> list[BadgeKey]:
    """Return all keys, the one that signs first."""
    keys = session.exec(select(BadgeKey).order_by(col(BadgeKey.created_at).desc())).all()
    return sorted(keys, key=lambda key: key.retired_at is not None)


def out(key: BadgeKey) -> BadgeKeyOut:
    """Return a key as administrators see it."""
    return BadgeKeyOut.model_validate({**key.model_dump(), "current": key.retired_at is None})


def is_trusted(session: Session, badge: Badge) -> bool:
    """Tell whether the key that signed a badge still verifies."""
    key = session.get(BadgeKey, badge.key)
    return key is not None and key.revoked_at is None


def did_of(public_url: str) -> str:
    """Return the issuer's `did:web`: the host of the public address (https://w3c-ccg.github.io/did-method-web/)."""
    return f"did:web:{quote(urlsplit(public_url).netloc.lower(), safe='.-')}"


def did_document(session: Session, did: str) -> dict[str, Any]:
    """Return the document at `/.well-known/did.json`: all keys, and which of them verify badges."""
    keys = newest_first(session)
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": [method(did, key) for key in keys],
        "assertionMethod": [f"{did}#{key.id}" for key in keys if key.revoked_at is None],
    }


def method(did: str, key: BadgeKey) -> dict[str, str]:
    """Return a key as a DID document names it."""
    named = {"id": f"{did}#{key.id}", "type": "Multikey", "controller": did, "publicKeyMultibase": key.id}
    return {**named, "revoked": proofs.moment(key.revoked_at)} if key.revoked_at else named
