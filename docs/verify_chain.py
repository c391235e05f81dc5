"""Verify a chain of evidence without the platform; needs only Python and the package `cryptography`.

python docs/verify_chain.py FOLDER KEYS.json

FOLDER is what `shareload audit chain` wrote, or the answer of `GET /v1/audit/chains` unzipped. KEYS.json has the public
keys (Ed25519, hex) of the services as you have kept them, by service: the file of `shareload audit verify --kept` will
do. The keys in the folder prove nothing by themselves.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MANIFEST = "manifest.json"
PROVED_DOCUMENTS = {"certificate", "check"}


class Fault(Exception):  # noqa: N818  told to whoever verifies, as a sentence
    """What is wrong, with the file it was found in."""


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


def check_signature(key: str, signature: str, text: str) -> bool:
    """Tell whether a key has signed a text."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_manifest(folder: Path, keys: dict[str, str]) -> dict[str, str]:
    """Return the files with their hashes, as the gateway has signed them."""
    try:
        signed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = check_signature(keys[signed["signed_by"]], signed["signature"], signed["manifest"])
        # Written in another way it would say the same, but it would not be the file that was made.
        same = json.dumps(signed, indent=2, ensure_ascii=False) == (folder / MANIFEST).read_text(encoding="utf-8")
        manifest = json.loads(signed["manifest"])
    except (ValueError, KeyError, TypeError, OSError):
        raise Fault(f"{MANIFEST} was changed, or it is missing") from None
    if not whole or not same or manifest["kind"] != "shareload.evidence_chain.v1":
        raise Fault(f"{MANIFEST} was changed, or the gateway's key is not the one that you kept")
    files: dict[str, str] = manifest["files"]
    return files


def check_files(folder: Path, files: dict[str, str]) -> None:
    """Compare every file with the manifest."""
    for name, digest in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            raise Fault(f"{name} is missing")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise Fault(f"{name} was changed")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there - files.keys() - {MANIFEST}):
        raise Fault(f"{name} does not belong to this chain")


def read_heads(folder: Path, service: str, keys: dict[str, str]) -> dict[int, dict[str, Any]]:
    """Return a service's heads by number, each signed and naming the one before."""
    name = f"heads/{service}.jsonl"
    heads: dict[int, dict[str, Any]] = {}
    before: str | None = None
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        signed = json.loads(line)
        head = json.loads(signed["head"])
        number = head["number"]
        if service not in keys or not check_signature(keys[service], signed["signature"], signed["head"]):
            raise Fault(f"{name}: head {number} is not signed by the key of the {service} service that you kept")
        if head["service"] != service or (
            before is not None and (head["previous"] != before or number - 1 not in heads)
        ):
            raise Fault(f"{name}: head {number} does not follow the one before")
        heads[number] = head
        before = hashlib.sha256(signed["head"].encode()).hexdigest()
    return heads


def check_link(name: str, link: dict[str, Any], heads: dict[int, dict[str, Any]]) -> None:
    """Check that an entry is under its head, is about whom the link says, and was made over its document."""
    entry = json.loads(link["entry"])
    leaf = hashlib.sha256(b"\x00" + link["entry"].encode()).digest()
    head = heads.get(link["head"])
    try:
        path = [bytes.fromhex(each) for each in link["path"]]
        found = root_of(leaf, link["place"], head["size"], path).hex() if head else None
    except (IndexError, ValueError):
        found = None
    if head is None or found != head["root"]:
        raise Fault(f"{name}: the entry is not under head {link['head']} of the {link['service']} service")
    person = link["person"]
    if person is not None and entry["person"] != hashlib.sha256(f"{link['salt']}:{person}".encode()).hexdigest():
        raise Fault(f"{name}: the entry is about somebody else")
    document = link["document"]
    proved = link["kind"] in PROVED_DOCUMENTS and document is not None
    if proved and entry["content_hash"] != hashlib.sha256(document.encode()).hexdigest():
        raise Fault(f"{name}: the document is not the one that the entry was made over")


def holds(by: str, link: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether a link refers to another one by what it says it does."""
    said, told = json.loads(link["entry"]), json.loads(other["entry"])
    stated = json.loads(link["document"] or "{}")
    match by:
        case "content":
            return bool(said["subject"] == told["subject"] and said["content_hash"] == told["content_hash"])
        case "sections":
            return told["subject"] in {f"policies/{each['policy']}/versions/{each['version']}" for each in stated}
        case "person":
            return link["person"] is not None and bool(link["person"] == other["person"])
        case "text":
            return bool(said["content_hash"] == json.loads(other["document"])["text_sha256"])
        case "conversation" | "finding":
            # Entries of before they named what they belong to have it in their document, as the platform stated it.
            return belongs(said, told) if "refers_to" in said else bool(told["subject"] == stated[by])
    return False


def belongs(said: dict[str, Any], told: dict[str, Any]) -> bool:
    """Tell whether an entry names what another one is about and, where that one names an assignment, the same."""
    names = said["refers_to"]
    given = [name for name in told.get("refers_to", []) if name.startswith("assignment/")]
    return told["subject"] in names and (not given or any(name in names for name in given))


def verify(folder: Path, keys: dict[str, str]) -> list[dict[str, Any]]:
    """Return the links in order; raises Fault for the first thing that is wrong."""
    check_files(folder, read_manifest(folder, keys))
    names = json.loads((folder / "chain.json").read_text(encoding="utf-8"))["links"]
    links = {name: json.loads((folder / f"links/{name}.json").read_text(encoding="utf-8")) for name in names}
    services = {link["service"] for link in links.values()}
    heads = {service: read_heads(folder, service, keys) for service in sorted(services)}
    for name, link in links.items():
        check_link(f"links/{name}.json", link, heads[link["service"]])
        for reference in link["refers_to"]:
            if reference["link"] not in links or not holds(reference["by"], link, links[reference["link"]]):
                raise Fault(f"links/{name}.json: it does not refer to {reference['link']} by its {reference['by']}")
    return list(links.values())


def keys_in(file: Path) -> dict[str, str]:
    """Read kept keys: by service either the key itself or what `shareload audit verify --kept` wrote."""
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {service: each["public_key"] if isinstance(each, dict) else each for service, each in kept.items()}


if __name__ == "__main__":
    given, kept_keys = map(Path, sys.argv[1:])
    try:
        verified = verify(given, keys_in(kept_keys))
    except Fault as fault:
        sys.exit(f"Not valid: {fault}.")
    print(f"Valid: {len(verified)} links.")
    for each in verified:
        deed = json.loads(each["entry"])
        print(f"  {deed['at'][:19]} {deed['action']} {deed['subject']}")
