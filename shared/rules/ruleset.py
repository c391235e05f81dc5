"""Many rules made ready to be run over many texts.

One Aho-Corasick pass over the folded text finds all keywords of all rules; a keyword counts where it is a whole word.
Only the rules that wait for something which was found are asked, and only for a match is its place worked out.

Most texts break no rule, so what every text goes through is written for speed: few calls, nothing made in vain.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from shared.rules import evasion
from shared.rules.draft import Draft, Span
from shared.rules.folding import NO_WORD, begins_alike, fold, is_word, without_surrogates
from shared.rules.plan import WHOLE, Anchor, Plan
from shared.rules.reading import Reading, Seen
from shared.rules.rule import AppliesTo, Evasion, PlacedRule

# Beyond this a DFA takes longer to build than it saves, and no longer fits the processor's cache.
MAX_DFA_KEYWORDS = 3_000
TOGETHER = 128
_SEAM = "\n"
"""Between texts: no folded text contains it, no keyword either, and no word goes on over it."""


class Match(NamedTuple):
    """A rule that matched, and where it first did."""

    rule: PlacedRule
    span: Span


class _Compiled(NamedTuple):
    """A rule as it is asked: by the place of a sign alone, where that is all it takes."""

    number: int
    severity: int
    applies_to: AppliesTo | None
    place: int | None
    find: Callable[[Reading], Span | None]
    placed: PlacedRule


class _Target(NamedTuple):
    """What a keyword stands for: at which edges a word may have to end, its signs if they do, and if they do not.

    `rules`: all who wait for its only sign, where they ask for nothing but its place.
    """

    left: bool
    right: bool
    whole: tuple[int, ...]
    inside: tuple[int, ...]
    rules: tuple[_Compiled, ...] | None


class RuleSet:
    """Rules compiled together; unchangeable, so any number of threads may run it."""

    def __init__(self, rules: Sequence[PlacedRule]) -> None:
        plan = Plan()
        self._always: list[_Compiled] = []
        waiting: dict[int, list[_Compiled]] = defaultdict(list)
        # A rule's number is its place in the answer but for where the text breaks it.
        for number, placed in enumerate(sorted(rules, key=_order)):
            rule = placed.rule
            probe = rule.detect.compile(plan, strict=rule.evasion is Evasion.STRICT)
            applies_to = None if rule.applies_to == AppliesTo() else rule.applies_to
            compiled = _Compiled(number, -rule.severity.rank, applies_to, probe.place, probe.find, placed)
            if probe.signs is None:
                self._always.append(compiled)
            for sign in probe.signs or ():
                waiting[sign].append(compiled)
        # By sign; signs are numbered from 1.
        self._waiting = [tuple(waiting.get(sign, ())) for sign in range(plan.signs + 1)]
        self._targets = [self._target(anchor) for anchor in plan.anchors.values()]
        self._scan = _automaton(list(plan.anchors)).find_matches_as_indexes
        self._disguised = list(plan.disguised.values())
        self._scan_skeleton = _automaton(list(plan.disguised)).find_matches_as_indexes
        self._tests = list(plan.tests.items())
        self._looks_further = bool(self._always or self._disguised or self._tests)

    def _target(self, anchor: Anchor) -> _Target:
        signs = (*anchor.whole, *anchor.anywhere)
        rules = self._waiting[signs[0]] if len(signs) == 1 and not anchor.anywhere else ()
        plain = rules if all(rule.place is not None and rule.applies_to is None for rule in rules) else ()
        return _Target(anchor.left, anchor.right, signs, tuple(anchor.anywhere), plain or None)

    @classmethod
    def compile(cls, rules: Sequence[PlacedRule]) -> "RuleSet":
        """Make rules ready to run; takes some 30 microseconds a rule."""
        return cls(rules)

    def run(self, draft: Draft) -> list[Match]:
        """Find the rules that the draft breaks, each once: the most severe first, then by place, then by rule id."""
        text = draft.text
        folded = fold(text)
        try:
            found = self._scan(folded, overlapping=True)
        except UnicodeEncodeError:
            return self.run(draft._replace(text=without_surrogates(text)))
        if self._looks_further:
            return self._look_further(Reading(draft, folded, self._whole_words(folded, found)))
        return self._answer(draft, folded, found) if found else []

    def run_all(self, drafts: Sequence[Draft]) -> list[list[Match]]:
        """Run each draft as `run` does, but look for the keywords in many texts at once, which takes less time."""
        return [
            matches
            for first in range(0, len(drafts), TOGETHER)
            for matches in self._run_together(drafts[first : first + TOGETHER])
        ]

    def _run_together(self, drafts: Sequence[Draft]) -> list[list[Match]]:
        folded = [fold(draft.text) for draft in drafts]
        try:
            found = self._scan(_SEAM.join(folded), overlapping=True)
        except UnicodeEncodeError:
            return [self.run(draft) for draft in drafts]
        answers: list[list[Match]] = [[] for _ in drafts]
        parts = _taken_apart(found, folded)
        if not self._looks_further:
            for number, there in parts.items():
                answers[number] = self._answer(drafts[number], folded[number], there)
            return answers
        for number, text in enumerate(folded):
            seen = self._whole_words(text, parts[number]) if number in parts else {}
            answers[number] = self._look_further(Reading(drafts[number], text, seen))
        return answers

    def _answer(self, draft: Draft, folded: str, found: Sequence[tuple[int, int, int]]) -> list[Match]:
        """The matches where nothing but keywords was to be looked for; most keywords need no `Reading`."""
        targets, length = self._targets, len(folded)
        places: dict[tuple[int, ...], tuple[int, int, tuple[_Compiled, ...]]] = {}
        for keyword, start, end in found:
            left, right, signs, inside, rules = targets[keyword]
            if (left and start and folded[start - 1] not in NO_WORD and is_word(folded[start - 1])) or (
                right and end < length and folded[end] not in NO_WORD and is_word(folded[end])
            ):
                if not inside:
                    continue
                rules = None
            if rules is None:
                seen = self._whole_words(folded, found)
                return self._look_further(Reading(draft, folded, seen)) if seen else []
            known = places.get(signs)
            if known is None or start < known[0] or (start == known[0] and end > known[1]):
                places[signs] = (start, end, rules)
        return _standing(draft, folded, [*places.values()]) if places else []

    def _whole_words(self, text: str, found: Sequence[tuple[int, int, int]]) -> Seen:
        """The signs of the keywords that were found, unless a keyword must be a word and is only a part of one."""
        seen: Seen = {}
        targets, length = self._targets, len(text)
        for keyword, start, end in found:
            left, right, signs, inside, _ = targets[keyword]
            if (left and start and text[start - 1] not in NO_WORD and is_word(text[start - 1])) or (
                right and end < length and text[end] not in NO_WORD and is_word(text[end])
            ):
                signs = inside
            for sign in signs:
                if sign in seen:
                    seen[sign].append((start, end))
                else:
                    seen[sign] = [(start, end)]
        return seen

    def _look_further(self, reading: Reading) -> list[Match]:
        if self._disguised:
            self._look_behind_disguises(reading)
        seen, waiting = reading.seen, self._waiting
        for test, sign in self._tests:
            if test(reading):
                seen[sign] = []
        if len(seen) == 1 and not self._always and not reading.disguised:
            (sign,) = seen
            return _ask(reading, waiting[sign])
        asked = {rule.number: rule for rule in self._always}
        for sign in (*seen, *reading.disguised):
            for rule in waiting[sign]:
                asked[rule.number] = rule
        return _ask(reading, asked.values())

    def _look_behind_disguises(self, reading: Reading) -> None:
        text = reading.draft.text
        found = self._scan_skeleton(evasion.skeleton(text), overlapping=True)
        if not found:
            return
        letters = evasion.places(text)
        for number, first, last in found:
            for disguised, sign in self._disguised[number]:
                span = disguised.find(text, letters[first], letters[last - 1])
                if span is not None:
                    reading.disguised.setdefault(sign, []).append(span)


def _standing(draft: Draft, folded: str, places: Sequence[tuple[int, int, tuple[_Compiled, ...]]]) -> list[Match]:
    """The matches of rules that ask for nothing but a place in the folded text."""
    ranked = []
    for start, end, rules in places:
        span = _in_text(draft, folded, start, end)
        if len(places) == 1:
            return [Match(rule.placed, span) for rule in rules]
        ranked += [(rule.severity, span.start, rule.number, Match(rule.placed, span)) for rule in rules]
    ranked.sort()
    return [match for *_, match in ranked]


def _in_text(draft: Draft, folded: str, start: int, end: int) -> Span:
    """Where a place in the folded text stands in the text that was sent; mostly at the same place."""
    text = draft.text
    if (text.isascii() and len(text) == len(folded)) or begins_alike(text, folded, end):
        return Span(start, end)
    return Reading(draft, folded, {}).from_folded(start, end)


def _order(placed: PlacedRule) -> tuple[int, str]:
    return -placed.rule.severity.rank, placed.rule.id


def _ask(reading: Reading, rules: Iterable[_Compiled]) -> list[Match]:
    """Ask the rules that wait for what was seen, and those that cannot wait for anything."""
    draft = reading.draft
    found: list[tuple[int, int, int, Match]] = []
    for number, severity, applies_to, place, find, placed in rules:
        if applies_to is None or applies_to.covers(draft):
            span = find(reading) if place is None else reading.first(place)
            if span is not None:
                span = Span(0, len(draft.text)) if span is WHOLE else span
                found.append((severity, span.start, number, Match(placed, span)))
    if len(found) > 1:
        found.sort()
    return [match for *_, match in found]


def _taken_apart(found: Sequence[tuple[int, int, int]], texts: Sequence[str]) -> dict[int, list[tuple[int, int, int]]]:
    """What was found in joined texts, by the text, with the places there; it comes in the order of the texts."""
    parts: dict[int, list[tuple[int, int, int]]] = {}
    number, begin, end_of_text = 0, 0, len(texts[0])
    for keyword, start, end in found:
        while start >= end_of_text:
            number += 1
            begin = end_of_text + 1
            end_of_text = begin + len(texts[number])
        if number in parts:
            parts[number].append((keyword, start - begin, end - begin))
        else:
            parts[number] = [(keyword, start - begin, end - begin)]
    return parts


def _automaton(keywords: list[str]) -> AhoCorasick:
    small = len(keywords) <= MAX_DFA_KEYWORDS
    implementation = Implementation.DFA if small else Implementation.ContiguousNFA
    return AhoCorasick(keywords, store_patterns=False, implementation=implementation)
