"""Where what is embedded stands, and which policy an address shows."""

import re
from urllib.parse import quote, urlsplit

EMBED = "/embed/policies/"
KEY = re.compile(r"/(?:embed/)?policies/([a-z0-9][a-z0-9-]{0,63})/?")


def embed_of(public_url: str, policy: str) -> str:
    """Return the address of a policy's page for frames."""
    return f"{public_url}{EMBED}{policy}"


def oembed_of(public_url: str, address: str) -> str:
    """Return where a page that links to an address learns how to show it."""
    return f"{public_url}/oembed?format=json&url={quote(address, safe='')}"


def policy_at(public_url: str, address: str) -> tuple[str, str] | None:
    """Return which policy an address of ours shows, and the query by which it does; None for any other address."""
    try:
        ours, asked = urlsplit(public_url), urlsplit(address)
    except ValueError:
        return None
    found = KEY.fullmatch(asked.path)
    if found is None or (ours.scheme, ours.netloc.lower()) != (asked.scheme, asked.netloc.lower()):
        return None
    return found[1], asked.query
