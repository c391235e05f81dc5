"""Signs JSON-LD documents as Data Integrity with `eddsa-rdfc-2022` asks (https://www.w3.org/TR/vc-di-eddsa/).

A document is read as RDF through its contexts, brought into one canonical form and signed, so that it keeps its proof
however its JSON is written. The contexts come from installed packages; nothing is ever fetched. What reads them is
imported when it is first needed: 13 MB of a process that may never sign anything.
"""

import hashlib
import importlib.util
import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
FILES = {CREDENTIALS: "credentials-v2.json", OPEN_BADGES: "ob-v3p0-context-3.0.3.json"}
SUITE = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod"}
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = b"\xed\x01"
"""What says that a Multikey is one of Ed25519 (https://www.w3.org/TR/cid-1.0/#Multikey)."""

Document = Mapping[str, Any]

# The canoniser keeps contexts that it has read, and its cache is not made for threads.
_one_at_a_time = threading.Lock()


def sign(document: Document, method: str, key: Ed25519PrivateKey, created: datetime) -> dict[str, Any]:
    """Return a document with its proof; the same document, key and moment give the same proof, byte for byte."""
    options = {"@context": document["@context"], **SUITE, "verificationMethod": method, "created": moment(created)}
    signature = key.sign(digest(options) + digest(document))
    proof = {**SUITE, "verificationMethod": method, "created": moment(created), "proofValue": base58(signature)}
    return {**document, "proof": proof}


def digest(document: Document) -> bytes:
    """Return the SHA-256 of the canonical form (RDFC-1.0) of a document of ours: one of others could take for ever."""
    from pyld import jsonld

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    with _one_at_a_time:
        canonical: str = jsonld.normalize(dict(document), options)
    return hashlib.sha256(canonical.encode()).digest()


def load(url: str, _options: object) -> dict[str, Any]:
    """Return a context for the canoniser; raises ValueError for any that a badge does not need."""
    if url not in FILES:
        raise ValueError(f"{url} is not among the contexts of a badge")
    return {"contextUrl": None, "documentUrl": url, "document": context(url), "tag": "static"}


@cache
def context(url: str) -> Any:
    """Return a context as its package ships it; the package itself is not imported."""
    package = importlib.util.find_spec("openbadgeslib")
    if package is None or package.origin is None:
        raise RuntimeError("the package openbadgeslib, which ships the contexts of badges, is not installed")
    return json.loads((Path(package.origin).parent / "ob3" / "contexts" / FILES[url]).read_bytes())


def moment(at: datetime) -> str:
    """Return a time as credentials write it: UTC, whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def multikey(key: Ed25519PublicKey) -> str:
    """Return a public key as a Multikey."""
    return base58(ED25519 + key.public_bytes_raw())


def base58(data: bytes) -> str:
    """Return bytes in base58-btc with its multibase prefix."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + digits
