"""What is proved of one person, finding or conversation, as a folder that verifies without the platform.

A chain goes from the policy's version over who accepted it, the certificate that rests on it, the conversations and
replies, checks and findings, to the guidance. Each link is an entry of an evidence log with its proof; what it refers
to is said by hash or id, in a way that a reader can check (`docs/verify_chain.py`).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.evidence_export import ProvedEntry

KINDS = {
    "policy.version.": "policy_version",
    "policy.acknowledged": "acknowledgement",
    "policy.check.": "check",
    "certificate.": "certificate",
    "conversation.assign": "assignment",
    "reply.approve": "reply",
    "finding.": "finding",
    "guidance.": "guidance",
}
"""Which actions are links of a chain, by how they begin, in the order of a chain."""
ORDER = tuple(KINDS.values())


@dataclass
class Link:
    """One entry with its proof, what its hash was made of or what the platform says of it, and what it refers to.

    `document` is the text whose SHA-256 the entry has (`proved`), or a statement that only the signed manifest covers.
    """

    service: str
    kind: str
    proved: ProvedEntry
    document: str | None = None
    refers_to: list[dict[str, str]] = field(default_factory=list)
    name: str = ""

    @property
    def entry(self) -> dict[str, Any]:
        """What the entry says."""
        said: dict[str, Any] = orjson.loads(self.proved.body)
        return said

    @property
    def stated(self) -> Any:
        """What the document says."""
        return json.loads(self.document) if self.document is not None else None

    def encode(self) -> bytes:
        """Return the link as a file."""
        proved = self.proved
        return orjson.dumps(
            {
                "kind": self.kind,
                "service": self.service,
                "entry": proved.body,
                "salt": proved.salt,
                "person": proved.person,
                "place": proved.place,
                "path": proved.path,
                "head": proved.head,
                "document": self.document,
                "refers_to": self.refers_to,
            },
            option=orjson.OPT_INDENT_2,
        )


def kind_of(action: str) -> str | None:
    """Return which link of a chain an action is; None for one that is none."""
    return next((kind for start, kind in KINDS.items() if action.startswith(start)), None)


def subject_of_version(policy: str, version: int) -> str:
    """Return how entries name a version of a policy."""
    return f"policies/{policy}/versions/{version}"


def versions_named(links: Iterable[Link]) -> set[str]:
    """Return the versions that were accepted, or that certificates rest on."""
    named = {link.entry["subject"] for link in links if link.kind == "acknowledgement"}
    for link in links:
        if link.kind == "certificate" and link.document is not None:
            named |= {subject_of_version(each["policy"], each["version"]) for each in link.stated}
    return named


def same_hash(link: Link, text: str) -> bool:
    """Say whether a text is what an entry was made over."""
    return bool(link.entry["content_hash"] == hashlib.sha256(text.encode()).hexdigest())


def put_in_order(links: Sequence[Link]) -> list[Link]:
    """Name the links in the order of a chain and say what each refers to."""
    ordered = sorted(links, key=lambda link: (ORDER.index(link.kind), link.proved.entry))
    for number, link in enumerate(ordered, start=1):
        link.name = f"{number:03}-{link.kind}"
    for link in ordered:
        link.refers_to = [
            {"link": other.name, "by": by} for other in ordered if (by := reference(link, other)) is not None
        ]
    return ordered


def reference(link: Link, other: Link) -> str | None:
    """Say by what a link refers to another one, None if it does not."""
    said, told = link.entry, other.entry
    stated = link.stated or {}
    by: dict[str, bool] = {}
    match link.kind, other.kind:
        case "acknowledgement", "policy_version":
            by["content"] = (said["subject"], said["content_hash"]) == (told["subject"], told["content_hash"])
        case "certificate", "policy_version" | "acknowledgement":
            by["sections"] = told["subject"] in versions_named([link])
        case ("assignment", "certificate") | ("finding", "certificate"):
            by["person"] = link.proved.person is not None and link.proved.person == other.proved.person
        case "reply", "assignment":
            by["conversation"] = belongs(said, told) or told["subject"] == stated.get("conversation")
        case "reply", "check":
            by["text"] = said["content_hash"] == (other.stated or {}).get("text_sha256")
        case "guidance", "finding":
            by["finding"] = belongs(said, told) or told["subject"] == stated.get("finding")
    return next((name for name, true in by.items() if true), None)


def belongs(said: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Say whether an entry names what another one is about and, where both name an assignment, the same."""
    names, others = (set(entry.get("refers_to", ())) for entry in (said, told))
    given = {name for name in others if name.startswith("assignment/")}
    return told["subject"] in names and (not given or bool(given & names))
