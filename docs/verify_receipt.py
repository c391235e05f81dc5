"""Verify the receipt of an acknowledgement without the platform; needs only Python and the package `cryptography`.

python docs/verify_receipt.py RECEIPT.json PUBLIC_KEY

RECEIPT.json is the answer of `GET /v1/acknowledgements/{id}/receipt` as it came, and PUBLIC_KEY the policy service's
key (Ed25519, hex) as you have kept it: the one in the answer proves nothing by itself.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def root_of(leaf: bytes, place: int, size: int, path: list[bytes]) -> bytes:
    """Return the root of the Merkle tree that a leaf and its path lead to (RFC 6962, section 2.1.1)."""
    if size == 1:
        if path:
            raise ValueError("the path is too long")
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    if place < half:
        return hashlib.sha256(b"\x01" + root_of(leaf, place, half, path[:-1]) + path[-1]).digest()
    return hashlib.sha256(b"\x01" + path[-1] + root_of(leaf, place - half, size - half, path[:-1])).digest()


def fault_of(given: dict[str, Any], public_key: str) -> str | None:
    """Return what is wrong with a receipt, None if nothing is."""
    proof = given["proof"]
    head, entry = json.loads(proof["head"]), json.loads(proof["body"])
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(proof["signature"]), proof["head"].encode())
    except (InvalidSignature, ValueError):
        return "the head of the log is not signed by this key, or was changed"
    leaf = hashlib.sha256(b"\x00" + proof["body"].encode()).digest()
    path = [bytes.fromhex(each) for each in proof["path"]]
    try:
        found = root_of(leaf, proof["place"], head["size"], path).hex()
    except (IndexError, ValueError):
        found = None
    if found != head["root"]:
        return "the entry is not under this head, or was changed"
    if head["service"] != "policy" or entry["action"] != "policy.acknowledged":
        return "this is proved, but it is not an acknowledgement"
    return difference(given["receipt"], entry, given["salt"])


def difference(receipt: dict[str, Any], entry: dict[str, Any], salt: str) -> str | None:
    """Return in what a receipt says something else than the entry that is proved, None if in nothing."""
    if entry["subject"] != f"policies/{receipt['policy']}/versions/{receipt['version']}":
        return "the receipt names another version"
    if entry["content_hash"] != receipt["version_hash"]:
        return "the receipt names another content of the version"
    if entry["person"] != hashlib.sha256(f"{salt}:{receipt['person']}".encode()).hexdigest():
        return "the receipt is for another person"
    if entry["at"].replace("+00:00", "Z") != receipt["acknowledged_at"].replace("+00:00", "Z"):
        return "the receipt names another time"
    return None


if __name__ == "__main__":
    receipt_file, known_key = sys.argv[1:]
    answer = json.loads(Path(receipt_file).read_text(encoding="utf-8"))
    fault = fault_of(answer, known_key)
    if fault is not None:
        sys.exit(f"Not valid: {fault}.")
    said = answer["receipt"]
    print("Valid:", said["employee_number"], "accepted", said["policy"], said["version"], "at", said["acknowledged_at"])
    print("  content", said["version_hash"])
    print("  person ", said["person"], "(the log holds only its salted hash)")
