"""Verify the receipt of a check without the platform; needs only Python and the package `cryptography`.

python docs/verify_check.py RECEIPT.json TEXT.txt PUBLIC_KEY

RECEIPT.json is the `receipt` of the answer as it came, TEXT.txt the exact text that was checked, and PUBLIC_KEY the
policy service's key (Ed25519, hex) as you have kept it: the one in the receipt proves nothing by itself.
"""

import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def fault_of(receipt: dict[str, str], text: bytes, public_key: str) -> str | None:
    """Return what is wrong with a receipt, None if nothing is."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(receipt["signature"]), receipt["body"].encode())
    except (InvalidSignature, ValueError):
        return "the signature is not by this key, or the receipt was changed"
    body = json.loads(receipt["body"])
    if body["kind"] != "shareload.check.v1":
        return "this is signed, but it is not the receipt of a check"
    if body["text_sha256"] != hashlib.sha256(text).hexdigest():
        return "the receipt is for another text"
    return None


if __name__ == "__main__":
    receipt_file, text_file, known_key = sys.argv[1:]
    given = json.loads(Path(receipt_file).read_text(encoding="utf-8"))
    fault = fault_of(given, Path(text_file).read_bytes(), known_key)
    if fault is not None:
        sys.exit(f"Not valid: {fault}.")
    said = json.loads(given["body"])
    approval = said["approval"] or {}
    print("Valid:", said["verdict"], "for", said["author"] or "no named author", "at", said["checked_at"])
    for reason in said["reasons"]:
        print(f"  {reason['severity']}: {reason['rule']} ({reason['policy']} {reason['version']}, {reason['section']})")
    if approval:
        print(f"  {approval['decision']} by {approval['decided_by']} at {approval['decided_at']}")
