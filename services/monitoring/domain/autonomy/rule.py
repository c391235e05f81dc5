"""What the outcomes of reviews say about how far somebody should be trusted: a proposal, which a person decides on.

Counted is only what a person looked at and decided: never how much somebody writes, nor how it sounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Level = Literal["draft_only", "sampled", "trusted"]
LEVELS: tuple[Level, ...] = ("draft_only", "sampled", "trusted")
"""From the closest company to the least."""

WINDOW = timedelta(days=90)
"""What is longer ago counts no more, as does what was before the level was last changed."""
LAST = 10
"""So many reviews, the last ones, are looked at."""
GOOD_TO_RISE = 8
"""So many of these must have found nothing to change; the others may have wished for better words."""
POOR_TO_FALL = 3
"""So many of these that could not go out, or should not have, speak for closer company."""
UPHELD_TO_FALL = 2
"""So do so many findings that the person accepted, or a second coach confirmed."""

GOOD = frozenset({"approved", "fine"})
POOR = frozenset({"returned", "wrong"})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What came of somebody's replies on a network: outcomes of the last reviews, the newest last, and upheld findings."""

    outcomes: tuple[str, ...] = ()
    upheld: int = 0

    @property
    def last(self) -> Sequence[str]:
        """The reviews that count."""
        return self.outcomes[-LAST:]

    @property
    def good(self) -> int:
        """How many of these found nothing to change."""
        return sum(one in GOOD for one in self.last)

    @property
    def poor(self) -> int:
        """How many of these could not go out, or should not have."""
        return sum(one in POOR for one in self.last)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The level that the outcomes speak for, and why."""

    level: Level
    reasons: list[str]


def propose(level: Level, reviewed: Reviewed) -> Proposal | None:
    """Return what the outcomes speak for: one level up or down, or nothing."""
    at = LEVELS.index(level)
    against = []
    if reviewed.poor >= POOR_TO_FALL:
        against.append(f"{reviewed.poor} of the last {len(reviewed.last)} reviews returned a reply or called it wrong")
    if reviewed.upheld >= UPHELD_TO_FALL:
        against.append(f"{reviewed.upheld} findings were accepted or confirmed")
    if against:
        return Proposal(LEVELS[at - 1], against) if at > 0 else None
    enough = len(reviewed.last) == LAST and reviewed.good >= GOOD_TO_RISE
    if enough and reviewed.poor == 0 and reviewed.upheld == 0 and at + 1 < len(LEVELS):
        return Proposal(LEVELS[at + 1], [f"{reviewed.good} of the last {LAST} reviews changed nothing"])
    return None
