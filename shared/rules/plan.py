"""What the detectors of a rule set ask for, gathered, so that one pass over a text answers all of them.

A *sign* is a list of keywords under one number. The pass tells which signs a text shows and where; only rules that
wait for one of those signs are looked at any further.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.rules.draft import Span
from shared.rules.evasion import Disguised, can_be_disguised
from shared.rules.folding import fold, is_word

if TYPE_CHECKING:
    from shared.rules.reading import Reading

WHOLE = Span(0, -1)
"""Stands for the text as a whole: what matched has no place of its own."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A detector made ready: which signs must be seen before it is worth asking, and the question itself.

    `signs=None`: it must be asked about every text. `place`: all that `find` says is where that sign first stands.
    """

    signs: frozenset[int] | None
    find: "Callable[[Reading], Span | None]"
    place: int | None = None

    @staticmethod
    def of(sign: int) -> "Probe":
        """Ask where a sign first stands."""
        return Probe(frozenset([sign]), lambda reading: reading.first(sign), sign)


@dataclass(slots=True)
class Anchor:
    """A keyword and the signs it is part of; with a word character at an edge, that edge may have to be a word's."""

    left: bool
    right: bool
    whole: list[int] = field(default_factory=list)
    anywhere: list[int] = field(default_factory=list)


class Plan:
    """Collects keywords while a rule set is compiled."""

    def __init__(self) -> None:
        self.anchors: dict[str, Anchor] = {}
        self.disguised: dict[str, list[tuple[Disguised, int]]] = {}
        self.tests: dict[Callable[[Reading], bool], int] = {}
        self._known: dict[tuple[frozenset[str], bool, bool], int] = {}
        self.signs = 0

    def words(self, keywords: Iterable[str], *, substring: bool = False, strict: bool = False) -> int:
        """Make a sign that shows where one of the keywords stands, as a whole word unless `substring`."""
        folded = frozenset(map(fold, keywords))
        key = (folded, substring, strict)
        if key in self._known:
            return self._known[key]
        sign = self._known[key] = self._new_sign()
        for keyword in folded:
            anchor = self.anchors.get(keyword)
            if anchor is None:
                anchor = self.anchors[keyword] = Anchor(is_word(keyword[0]), is_word(keyword[-1]))
            (anchor.anywhere if substring else anchor.whole).append(sign)
            if strict and can_be_disguised(keyword):
                disguised = Disguised(keyword, whole=not substring)
                self.disguised.setdefault(disguised.skeleton, []).append((disguised, sign))
        return sign

    def when(self, test: "Callable[[Reading], bool]") -> int:
        """Make a sign, without a place, that shows in the readings for which the test holds."""
        if test not in self.tests:
            self.tests[test] = self._new_sign()
        return self.tests[test]

    def _new_sign(self) -> int:
        self.signs += 1
        return self.signs
