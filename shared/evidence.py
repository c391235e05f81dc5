"""The evidence log: who did what, when, to what content; sealed into signed Merkle batches that chain.

An entry is written in the transaction of the change that it proves. About every second, the lease holder seals the
entries that have come into a batch (Merkle tree of RFC 6962) whose signed head carries the hash of the head before.
Persons stand in an entry as salted commitments: erasing the salt and the personal part leaves every proof intact.
"""

import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import OKPKey
from pydantic import BaseModel
from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.orm import Session as PlainSession

from shared.auth import make_key
from shared.db import Session
from shared.ids import new_id
from shared.problems import NotFound
from shared.statements import insert_into
from shared.tables import evidence_entries, evidence_heads

BATCH = 10_000
NOTHING = "0" * 64

ENTER = insert_into(evidence_entries, "id", "body", "leaf", "salt", "personal")


class EvidenceReceipt(BaseModel):
    """An entry as its subject may keep it; `body` is the exact text whose hash is `leaf`."""

    entry: str
    body: str
    leaf: str


class EvidenceProof(BaseModel):
    """An entry with the path from its leaf to the root that a signed head carries; verifies offline."""

    entry: str
    body: str
    leaf: str
    place: int
    path: list[str]
    head: str
    signature: str
    key_id: str


class NotSealedYet(NotFound):
    """The entry has not been sealed yet; ask again in a second."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done to `subject` (`<kind>/<id>`).

    `content_hash` is the SHA-256 (hex) of what was acted on, and `person` the id of whom it concerns. `refers_to` names
    what it belongs to (`<kind>/<id>` each), such as the conversation of a reply: the log itself proves that, then.
    """

    action: str
    subject: str
    content_hash: str | None = None
    person: str | None = None
    refers_to: tuple[str, ...] = ()


def record(
    session: Session, action: str, subject: str, content_hash: str | None = None, person: str | None = None
) -> EvidenceReceipt:
    """Enter that the caller did something (see `Deed`), in the transaction of the change."""
    [receipt] = record_all(session, [Deed(action, subject, content_hash, person)])
    return receipt


def record_all(session: Session, deeds: Sequence[Deed]) -> list[EvidenceReceipt]:
    """Enter many deeds at once, in the transaction of the change."""
    if not deeds:
        return []
    caller = session.context.caller
    actor = caller.id if caller else f"event:{session.context.cause}" if session.context.cause else "service"
    rows = [entry_of(deed, actor, session.now) for deed in deeds]
    ENTER.run(session, *rows)
    return [EvidenceReceipt(entry=row["id"], body=row["body"], leaf=row["leaf"]) for row in rows]


def entry_of(deed: Deed, actor: str, at: datetime) -> dict[str, str]:
    """Return the row of an entry, under a new id and salt."""
    salt = secrets.token_hex(32)
    entry = new_id()
    said = {
        "id": entry,
        "at": at.isoformat(),
        "action": deed.action,
        "subject": deed.subject,
        "content_hash": deed.content_hash,
        "actor": commitment(salt, actor),
        "person": commitment(salt, deed.person) if deed.person else None,
    }
    named = {"refers_to": deed.refers_to} if deed.refers_to else {}
    body = orjson.dumps(said | named, option=orjson.OPT_SORT_KEYS).decode()
    personal = orjson.dumps({"actor": actor, "person": deed.person}).decode()
    return {"id": entry, "body": body, "leaf": leaf_hash(body), "salt": salt, "personal": personal}


def digest_of(content: BaseModel | str) -> str:
    """Return the SHA-256 (hex) by which an entry says what was acted on: of a text, or of a body or answer as JSON."""
    text = content if isinstance(content, str) else content.model_dump_json()
    return hashlib.sha256(text.encode()).hexdigest()


def commitment(salt: str, value: str) -> str:
    """Return what stands for a person in an entry: nobody without the salt can tell whom."""
    return hashlib.sha256(f"{salt}:{value}".encode()).hexdigest()


def leaf_hash(body: str) -> str:
    """Return the leaf of an entry: SHA-256 over 0x00 and its body (RFC 6962)."""
    return hashlib.sha256(b"\x00" + body.encode()).hexdigest()


def node_hash(left: str, right: str) -> str:
    """Return an inner node: SHA-256 over 0x01 and both children (RFC 6962)."""
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()


def split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def merkle_root(leaves: Sequence[str]) -> str:
    """Return the Merkle tree hash of RFC 6962, section 2.1."""
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = [*paired, level[-1]] if len(level) % 2 else paired
    return level[0]


def audit_path(leaves: Sequence[str], place: int) -> list[str]:
    """Return the sibling hashes from a leaf up to the root (RFC 6962, section 2.1.1)."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if place < k:
        return [*audit_path(leaves[:k], place), merkle_root(leaves[k:])]
    return [*audit_path(leaves[k:], place - k), merkle_root(leaves[:k])]


def root_of_path(leaf: str, place: int, size: int, path: Sequence[str]) -> str:
    """Return what a leaf and its audit path lead to; equals the signed root when the entry is in it."""
    if size == 1 or not path:
        return leaf
    k = split(size)
    if place < k:
        return node_hash(root_of_path(leaf, place, k, path[:-1]), path[-1])
    return node_hash(path[-1], root_of_path(leaf, place - k, size - k, path[:-1]))


class Sealer:
    """Seals what has been entered, with the service's own Ed25519 key."""

    def __init__(self, service: str, key_file: Path) -> None:
        self._service = service
        key = read_or_make_key(key_file)
        self.key_id = str(key.kid)
        private = key.private_key
        assert isinstance(private, Ed25519PrivateKey)  # noqa: S101  make_key and the settings ask for Ed25519
        self._private = private

    def public_key(self) -> Ed25519PublicKey:
        """The key that verifies this service's heads."""
        return self._private.public_key()

    def sign(self, text: str) -> str:
        """Return this service's signature (hex) of a text that says what it is, such as a receipt."""
        return self._private.sign(text.encode()).hex()

    def seal(self, session: Session) -> None:
        """Put all entries that have no head yet under a new signed head.

        The entries are locked before the last head is read: of two who seal at once, such as one who has lost the lease
        and does not know it yet, the second takes what the first left, or it would take entries out of a signed head.
        """
        rows = session.execute(
            select(evidence_entries.c.id, evidence_entries.c.leaf)
            .where(evidence_entries.c.head.is_(None))
            .order_by(evidence_entries.c.id)
            .limit(BATCH)
            .with_for_update()
        ).all()
        if not rows:
            return
        last = (
            session.execute(select(evidence_heads).order_by(evidence_heads.c.number.desc()).limit(1)).mappings().first()
        )
        number = last["number"] + 1 if last else 1
        head = {
            "number": number,
            "root": merkle_root([row.leaf for row in rows]),
            "size": len(rows),
            "previous": head_hash(head_text(self._service, last)) if last else NOTHING,
            "sealed_at": session.now,
            "key_id": self.key_id,
        }
        signature = self._private.sign(head_text(self._service, head).encode()).hex()
        session.execute(insert(evidence_heads), [{**head, "signature": signature}])
        place = (
            update(evidence_entries)
            .where(evidence_entries.c.id == bindparam("entry"))
            .values(head=number, place=bindparam("at"))
        )
        session.connection().execute(place, [{"entry": row.id, "at": at} for at, row in enumerate(rows)])


def read_or_make_key(path: Path) -> OKPKey:
    """Read a JWK file; make it (mode 600) if it is not there, whole or not at all, and once by whoever comes first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent) as made, suppress(FileExistsError):
            made.write(orjson.dumps(make_key().as_dict(private=True)))
            made.flush()
            os.fsync(made.fileno())
            os.link(made.name, path)
    return OKPKey.import_key(orjson.loads(path.read_bytes()))


def head_text(service: str, head: "RowMapping | dict[str, object]") -> str:
    """Return the exact text of a head that is signed and chained."""
    sealed_at = head["sealed_at"]
    assert isinstance(sealed_at, datetime)  # noqa: S101  both callers read it from the same column
    named = {key: head[key] for key in ("number", "root", "size", "previous", "key_id")}
    return orjson.dumps(
        {"service": service, "sealed_at": sealed_at.isoformat(), **named}, option=orjson.OPT_SORT_KEYS
    ).decode()


def head_hash(text: str) -> str:
    """Return the SHA-256 (hex) by which the next head names the one with this text."""
    return hashlib.sha256(text.encode()).hexdigest()


def proof(session: Session, service: str, entry: str) -> EvidenceProof:
    """Return the inclusion proof of an entry; raises NotFound, or NotSealedYet in its first second."""
    row = session.execute(select(evidence_entries).where(evidence_entries.c.id == entry)).mappings().first()
    if row is None:
        raise NotFound(f"There is no evidence entry {entry}.")
    if row["head"] is None:
        raise NotSealedYet
    head = session.execute(select(evidence_heads).where(evidence_heads.c.number == row["head"])).mappings().one()
    leaves = batch_leaves(session, row["head"])
    return EvidenceProof(
        entry=entry,
        body=row["body"],
        leaf=row["leaf"],
        place=row["place"],
        path=audit_path(leaves, row["place"]),
        head=head_text(service, head),
        signature=head["signature"],
        key_id=head["key_id"],
    )


def salt_of(session: Session, entry: str) -> str:
    """Return the salt by which the subject of an entry shows that it is about them; for them alone."""
    salt = select(evidence_entries.c.salt).where(evidence_entries.c.id == entry)
    return str(session.execute(salt).scalar_one())


def batch_leaves(session: PlainSession, number: int) -> list[str]:
    """Return the leaves under a head, in their order."""
    statement = (
        select(evidence_entries.c.leaf).where(evidence_entries.c.head == number).order_by(evidence_entries.c.place)
    )
    return list(session.execute(statement).scalars())


def verify_proof(given: EvidenceProof, key: Ed25519PublicKey) -> bool:
    """Check a proof with the public key alone."""
    if not signed(given.head, given.signature, key) or leaf_hash(given.body) != given.leaf:
        return False
    head = orjson.loads(given.head)
    return bool(root_of_path(given.leaf, given.place, head["size"], given.path) == head["root"])


def signed(text: str, signature: str, key: Ed25519PublicKey) -> bool:
    """Tell whether `key` signed `text`."""
    try:
        key.verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
