"""Sort texts by the cues of one language: all of them are looked for at once, however many there are."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from services.monitoring.schemas.triage import SORTED_BY, CueFound, Kind, TriageCuesIn
from shared.rules.folding import ascii_digits, fold

AT_ONCE, SOON, AS_USUAL, CAN_WAIT = 3, 2, 1, 0
URGENCY: dict[Kind, int] = {
    "crisis": AT_ONCE,
    "complaint": SOON,
    "question": AS_USUAL,
    "other": AS_USUAL,
    "praise": CAN_WAIT,
    "spam": CAN_WAIT,
}
"""What a kind alone says of urgency; cues move it."""
RISE = "urgency"
_link = re.compile(r"\b(?:https?://|www\.)\S*")
_piece = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,:]\d+)*|@[\w.-]*|#|!+|\?+")
_signs = {"@": "@", **dict.fromkeys("0123456789", "0")}
"""What stands for all names and numbers, by how they begin."""
_signed = re.compile(r"[@0-9]")
_several = re.compile(r"([!?])\1{2,}")


class Sorted(NamedTuple):
    """What is said of a text: its kind, 0 (can wait) to 3 (at once), and what it is about, if that is known."""

    kind: Kind
    urgency: int
    topic: str | None
    certainty: float = 0.0
    """By how many times its threshold the kind was reached."""


class Sorter:
    """The cues of a language, made ready; one that is empty calls everything `other`."""

    def __init__(self, cues: TriageCuesIn) -> None:
        said: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
        self._names: dict[str, str] = {}
        for slot, cue, weight in every(cues):
            said[pattern(cue)].append((slot, cue, weight))
        self._said = [[(slot, weight) for slot, _, weight in meant] for meant in said.values()]
        self._cues = [[cue for _, cue, _ in meant] for meant in said.values()]
        self._find = AhoCorasick(list(said)).find_matches_as_indexes
        self._thresholds: list[tuple[Kind, float]] = [
            (kind, cues.kinds[kind].threshold) for kind in SORTED_BY if kind in cues.kinds
        ]
        self._topics = list(cues.topics)

    def sort(self, text: str) -> Sorted:
        """Say what a text is."""
        return self.decide(self.scores(text))

    def scores(self, text: str) -> dict[str, float]:
        """Return what the cues in a text add up to, for each thing they speak for."""
        scores: dict[str, float] = {}
        for index in {found[0] for found in self._find(pieces(text), overlapping=True)}:
            for slot, weight in self._said[index]:
                scores[slot] = scores.get(slot, 0.0) + weight
        return scores

    def decide(self, scores: dict[str, float]) -> Sorted:
        """Say what follows from such sums."""
        kind: Kind = "other"
        certainty = 0.0
        for one, threshold in self._thresholds:
            if (reached := scores.get(one, 0.0)) >= threshold:
                kind, certainty = one, reached / threshold
                break
        urgency = URGENCY[kind] + int(scores.get(RISE, 0))
        named = [(scores[slot], topic) for topic in self._topics if (slot := f"topic:{topic}") in scores]
        topic = max(named, key=lambda each: each[0])[1] if named else None
        return Sorted(kind, min(max(urgency, CAN_WAIT), AT_ONCE), topic, certainty)

    def found(self, text: str) -> list[CueFound]:
        """Return the cues in a text, those that weigh most first."""
        indexes = {found[0] for found in self._find(pieces(text), overlapping=True)}
        all_found = [
            CueFound(cue=cue, speaks_for=slot, weight=weight)
            for index in indexes
            for cue, (slot, weight) in zip(self._cues[index], self._said[index], strict=True)
        ]
        return sorted(all_found, key=lambda one: (-abs(one.weight), one.cue, one.speaks_for))


def every(cues: TriageCuesIn) -> Iterator[tuple[str, str, float]]:
    """Yield each cue with what it speaks for and its weight."""
    for kind, listed in cues.kinds.items():
        for cue, weight in listed.cues.items():
            yield kind, cue, weight
    for cue, rise in cues.urgency.items():
        yield RISE, cue, rise
    for topic, words in cues.topics.items():
        for cue in words:
            yield f"topic:{topic}", cue, 1.0


def pieces(text: str) -> str:
    """Return the words and marks of a text with one space around each, so that a word is never found within another."""
    folded = ascii_digits(fold(text))
    if "http" in folded or "www." in folded:
        folded = _link.sub(" http ", folded)
    if "!!!" in folded or "???" in folded:
        folded = _several.sub(r"\1\1", folded)
    found = _piece.findall(folded)
    if _signed.search(folded) is not None:
        sign = _signs.get
        found = [sign(piece[0], piece) for piece in found]
    return f" {' '.join(found)} "


def pattern(cue: str) -> str:
    """Return what a cue looks like among the pieces of a text."""
    return pieces(cue.removesuffix("*")).removesuffix(" ") if cue.endswith("*") else pieces(cue)
