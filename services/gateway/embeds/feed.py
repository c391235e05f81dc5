"""What came into force, as an Atom feed (RFC 4287)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from services.gateway.domain.embeds import Change
from services.gateway.embeds.addresses import embed_of

ATOM = "http://www.w3.org/2005/Atom"
PATH = "/feeds/policies.atom"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""When a feed without entries was updated."""
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

register_namespace("", ATOM)


def render(public_url: str, changes: Sequence[Change], notes: Mapping[tuple[str, int], str]) -> bytes:
    """Return the feed; `notes` says why a version was made, by policy and number, as far as that is known."""
    feed = Element(f"{{{ATOM}}}feed")
    add(feed, "id", f"{public_url}{PATH}")
    add(feed, "title", "Policies")
    add(feed, "updated", max((change.effective_at for change in changes), default=BEGINNING).isoformat())
    add(feed, "link", rel="self", href=f"{public_url}{PATH}")
    add(add(feed, "author"), "name", "Shareload")
    for change in changes:
        entry = add(feed, "entry")
        add(entry, "id", f"{public_url}/v1/policies/{change.policy}/versions/{change.version}")
        add(entry, "title", f"{change.title}, version {change.version}")
        add(entry, "updated", change.effective_at.isoformat())
        add(entry, "link", rel="alternate", type="text/html", href=embed_of(public_url, change.policy))
        note = notes.get((change.policy, change.version))
        if note:
            add(entry, "summary", note)
    body: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """Add an element of Atom; what no XML can hold is left out of its text."""
    element = SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = NO_XML.sub("", text) if text is not None else None
    return element
