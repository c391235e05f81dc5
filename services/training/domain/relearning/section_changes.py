"""Which sections under a certificate say something else by now: a pure function over a policy's history.

A certificate covers sections by their hashes. Each version that is in force is looked at in turn: a material one that
changes a section asks for it, one that is not material asks for nothing that was not asked already, and a version that
says again what is covered asks no more. A section that is gone is nothing to read; a new one is to be read by whoever
a certificate makes follow the policy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Wording:
    """A version of a policy that came into force: the hashes of its sections."""

    number: int
    material: bool
    hashes: Mapping[str, str]


class Known(NamedTuple):
    """A section as somebody knows it, from a version."""

    version: int
    hash: str


class Changed(NamedTuple):
    """A section to learn anew: `asked_by` is the last material version that changed it, `hash` is what it says now."""

    section: str
    version: int
    hash: str
    asked_by: int


def changed(section: str, known: Known, history: Sequence[Wording]) -> Changed | None:
    """Return how a section differs from what is known of it; `history` is in order, with all versions or the later ones."""
    return walk(section, known.hash, known.hash, [one for one in history if one.number > known.version])


def added(section: str, since: int, history: Sequence[Wording]) -> Changed | None:
    """Return a section that versions from `since` on brought, and that is not known at all."""
    before = [one.hashes.get(section) for one in history if one.number < since]
    return walk(section, None, before[-1] if before else None, [one for one in history if one.number >= since])


def walk(section: str, known: str | None, previous: str | None, later: Iterable[Wording]) -> Changed | None:
    """Follow a section through versions, from what it said before them."""
    due: Changed | None = None
    for one in later:
        says = one.hashes.get(section)
        if says is None or says == known:
            due = None
        elif one.material and says != previous:
            due = Changed(section, one.number, says, one.number)
        elif due is not None:
            due = due._replace(version=one.number, hash=says)
        previous = says
    return due


def all_changed(sections: Sequence[Mapping[str, Any]], policy: str, history: Sequence[Wording]) -> list[Changed]:
    """Return what changed of a policy under a certificate that covers these sections, in the policy's order.

    A section that was learnt anew has the version that the certificate covered at first as `since`.
    """
    covered = {one["section"]: Known(one["version"], one["hash"]) for one in sections if one["policy"] == policy}
    if not covered or not history:
        return []
    since = min(one.get("since", one["version"]) for one in sections if one["policy"] == policy)
    found = [
        changed(section, covered[section], history) if section in covered else added(section, since, history)
        for section in history[-1].hashes
    ]
    return [one for one in found if one is not None]
