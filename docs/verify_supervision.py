"""Verify an export for supervision without the platform; needs only Python and the package `cryptography`.

python docs/verify_supervision.py EXPORT.json PROOF.json PUBLIC_KEY

EXPORT.json is the answer of `GET /v1/supervision-exports/{id}` as it came, with the export's files beside it, PROOF.json
the proof of its entry in the evidence log, and PUBLIC_KEY the monitoring service's key (Ed25519, hex) as you have kept it:
the one in the answer proves nothing by itself.
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


def fault_of(export: dict[str, Any], folder: Path, proof: dict[str, Any], public_key: str) -> str | None:
    """Return what is wrong with an export, None if nothing is."""
    manifest = export["manifest"]
    for file in manifest["files"]:
        path = folder / Path(file["name"]).name
        if not path.exists():
            return f"{file['name']} is missing"
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != file["sha256"] or content.count(b"\n") != file["lines"]:
            return f"{file['name']} was changed"
    if sum(file["lines"] for file in manifest["files"]) != manifest["lines"]:
        return "the manifest does not add up"
    return fault_of_proof(manifest, proof, public_key)


def fault_of_proof(manifest: dict[str, Any], proof: dict[str, Any], public_key: str) -> str | None:
    """Return why the evidence log does not have this manifest, None if it has."""
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
    if head["service"] != "monitoring" or entry["action"] != "supervision.export":
        return "this is proved, but it is not an export for supervision"
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if entry["content_hash"] != hashlib.sha256(text.encode()).hexdigest():
        return "the manifest was changed"
    return None


if __name__ == "__main__":
    export_file, proof_file, known_key = sys.argv[1:]
    answer = json.loads(Path(export_file).read_text(encoding="utf-8"))
    proved = json.loads(Path(proof_file).read_text(encoding="utf-8"))
    fault = fault_of(answer, Path(export_file).parent, proved, known_key)
    if fault is not None:
        sys.exit(f"Not valid: {fault}.")
    said = answer["manifest"]
    print("Valid:", said["lines"], "lines in", len(said["files"]), "files, from", said["since"], "to", said["until"])
