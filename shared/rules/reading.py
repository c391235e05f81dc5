"""One draft while the rules read it: its forms, each made only when a rule needs it, and the signs seen in it."""

from functools import cached_property

from shared.rules.draft import Draft, Span
from shared.rules.folding import OffsetMap, among_spaces, ascii_digits, begins_alike, clean, keeps_places
from shared.rules.languages import likely, primary
from shared.rules.links import Link, host_of
from shared.rules.links import find as find_links
from shared.rules.patterns import Pattern
from shared.rules.plan import WHOLE

Seen = dict[int, list[tuple[int, int]]]
"""Signs seen in a folded text, with their places there."""


class Reading:
    """What detectors are given: the draft, and ways to ask where something stands in it."""

    def __init__(self, draft: Draft, folded: str, seen: Seen) -> None:
        self.draft = draft
        self.folded = folded
        self.seen = seen
        self._alike: int | None = None
        self._places: OffsetMap | None = None
        self._clean: str | None = None
        self.disguised: dict[int, list[Span]] = {}
        """Signs seen through a disguise, with their places in the text that was sent."""

    def first(self, sign: int) -> Span | None:
        """Where the sign first stands; of several that begin there, the longest."""
        places = self.seen.get(sign)
        plain = self.from_folded(*(places[0] if len(places) == 1 else min(places, key=_by_start))) if places else None
        if sign not in self.disguised:
            return plain
        return min(self.disguised[sign] if plain is None else [*self.disguised[sign], plain], key=by_place)

    def every(self, sign: int) -> list[Span]:
        """All places where the sign stands, in no order."""
        return [*self.disguised.get(sign, []), *(self.from_folded(*place) for place in self.seen.get(sign, []))]

    def search(self, pattern: Pattern) -> Span | None:
        """Where the pattern first matches the text as sent or, failing that, its clean form."""
        if found := pattern.search(self.draft.text):
            return Span(*found)
        text = self.clean
        if text != self.draft.text and (found := pattern.search(text)):
            return self.from_clean(*found)
        return None

    @cached_property
    def links(self) -> list[tuple[Span, str, bool]]:
        """Place, host and certainty of each link, in the text or attached; attached ones come last."""
        written = [(self.from_clean(link.start, link.end), link.host, link.sure) for link in self._written_links]
        attached = [(WHOLE, host, True) for link in self.draft.links if (host := host_of(link))]
        return written + attached

    @cached_property
    def _written_links(self) -> list[Link]:
        return find_links(self.clean)

    @cached_property
    def languages(self) -> dict[str, float]:
        """The language that the sender named, or those that the text may be in, with their likelihoods."""
        named = self.draft.language
        return {primary(named): 1.0} if named else likely(self.prose)

    @cached_property
    def prose(self) -> str:
        """The clean text with blanks in place of what is surely a link."""
        sure = [link for link in self._written_links if link.sure]
        if not sure:
            return self.clean
        made = list(self.clean)
        for link in sure:
            made[link.start : link.end] = " " * (link.end - link.start)
        return "".join(made)

    @cached_property
    def numerals(self) -> str:
        """The clean text without links and with the digits of every script as 0 to 9, each in its place."""
        return ascii_digits(self.prose)

    @property
    def clean(self) -> str:
        """The text without what is invisible; see `folding`."""
        # Not a cached_property either.
        if self._clean is None:
            self._clean = clean(self.draft.text)
        return self._clean

    @cached_property
    def _clean_places(self) -> OffsetMap:
        return OffsetMap.of_clean(self.draft.text)

    def from_folded(self, start: int, end: int) -> Span:
        """The place in the text that was sent of a place in its folded form."""
        text, folded = self.draft.text, self.folded
        # Not a cached_property, whose lock costs more than most texts need here.
        if self._alike is None:
            self._alike = len(text) if text.isascii() and len(text) == len(folded) else 0
        if end <= self._alike:
            return Span(start, end)
        if self._places is None:
            if begins_alike(text, folded, end):
                self._alike = end
                return Span(start, end)
            if keeps_places(text, folded):
                self._alike = len(text)
                return Span(start, end)
            if place := among_spaces(text, folded, start, end):
                return Span(*place)
            self._places = OffsetMap.of_folded(text, end)
        if self._places.length < end:
            self._places = OffsetMap.of_folded(text, end)
        return Span(*self._places.back(start, end))

    def from_clean(self, start: int, end: int) -> Span:
        """The place in the text that was sent of a place in its clean form."""
        return Span(*self._clean_places.back(start, end))


def _by_start(place: tuple[int, int]) -> tuple[int, int]:
    return (place[0], -place[1])


def by_place(span: Span) -> tuple[bool, int, int]:
    """Order of spans: a place in the text before the text as a whole, earlier before later, longer before shorter."""
    return (span is WHOLE, span.start, -span.end)
