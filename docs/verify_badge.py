"""Verify a badge as any third party can; needs `pip install "openvc-core[data-integrity]" openbadgeslib`.

python docs/verify_badge.py BADGE [URL]

BADGE is a badge's file: PNG, SVG or JSON. What a verifier reads, the issuer's keys and status lists, comes from the
addresses that the badge names, by HTTPS; give a URL to read it from a platform on this machine instead.
Look at the issuer that is printed: anyone can sign a badge, only its owner can sign one for a host.
"""

import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

from openbadgeslib.baking import extract_png, extract_svg
from openvc import verify_credential
from openvc.did.base import DidDocument, DidResolverRegistry, parse_did_document
from openvc.errors import OpenvcError
from openvc.fetch import https_text_fetch
from openvc.resolvers import default_status_list_resolver
from openvc.verify import VerificationPolicy

OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
POLICY = VerificationPolicy(require_status_issuer_binding=True, expected_types=["OpenBadgeCredential"])

Fetch = Callable[[str], str]


class Keys:
    """Finds an issuer's keys by its `did:web`."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def supports(self, did: str) -> bool:
        """Tell whether this knows how to find a DID's keys."""
        return did.startswith("did:web:")

    def resolve(self, did: str) -> DidDocument:
        """Return a DID's document; raises ValueError when what is at its address is another's."""
        document = json.loads(self._fetch(f"https://{unquote(did.removeprefix('did:web:'))}/.well-known/did.json"))
        if document["id"] != did:
            raise ValueError(f"the document is that of {document['id']}")
        return parse_did_document(document)


def fault_of(credential: dict[str, Any], fetch: Fetch) -> str | None:
    """Return what is wrong with a badge at this moment, None if nothing is."""
    contexts = {OPEN_BADGES: context()}
    keys = DidResolverRegistry([Keys(fetch)])
    lists = default_status_list_resolver(resolver=keys, fetch=fetch, extra_contexts=contexts)
    try:
        verify_credential(credential, policy=POLICY, resolver=keys, resolve_status_list=lists, extra_contexts=contexts)
    except (OpenvcError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def context() -> dict[str, Any]:
    """Return the context of Open Badges, from the package that ships it."""
    package = find_spec("openbadgeslib")
    assert package is not None and package.origin is not None  # noqa: S101, PT018  it was imported above
    found: dict[str, Any] = json.loads(
        (Path(package.origin).parent / "ob3" / "contexts" / "ob-v3p0-context-3.0.3.json").read_text(encoding="utf-8")
    )
    return found


def credential_in(content: bytes) -> dict[str, Any]:
    """Return the credential in a badge's file; raises ValueError where there is none."""
    text: str | bytes | None = content
    if content.startswith(b"\x89PNG"):
        text = extract_png(content, keyword=b"openbadgecredential")
    elif content.lstrip().startswith(b"<"):
        text = extract_svg(content, element="openbadges:credential", text_fallback=True)
    if text is None:
        raise ValueError("the picture carries no credential")
    found: dict[str, Any] = json.loads(text)
    return found


def from_here(url: str) -> Fetch:
    """Return how to read the same paths from another address."""

    def fetch(address: str) -> str:
        with urlopen(f"{url.rstrip('/')}{urlsplit(address).path}") as answer:  # noqa: S310  the reader's own platform
            return str(answer.read().decode())

    return fetch


if __name__ == "__main__":
    badge = credential_in(Path(sys.argv[1]).read_bytes())
    fault = fault_of(badge, from_here(sys.argv[2]) if len(sys.argv) > 2 else https_text_fetch)
    if fault is not None:
        sys.exit(f"Not valid: {fault}")
    print("Valid:", badge["name"], "issued by", badge["issuer"]["id"], "until", badge["validUntil"])
