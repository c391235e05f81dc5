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
from shared.rules.folding import NO_WORD, OffsetMap, among_spaces, begins_alike, fold, is_word, without_surrogates
from shared.rules.plan import WHOLE, Anchor, Plan
from shared.rules.reading import Reading, Seen
from shared.rules.rule import AppliesTo, Evasion, PlacedRule

# Beyond this a DFA takes longer to build than it saves, and no longer fits the processor's cache.
MAX_DFA_KEYWORDS = 3_000
TOGETHER = 128
_SEAM = "\n"
"""Between texts: no folded text contains it, no keyword either, and no word goes on over it."""

Place = tuple[int, int, int]
"""Where a keyword, by its number, stands in a folded text."""


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
        self._numbers = {keyword: number for number, keyword in enumerate(plan.anchors)}
        keywords = _automaton(list(plan.anchors), tells_keywords=True)
        self._scan, self._scan_for_places = keywords.find_matches_as_strings, keywords.find_matches_as_indexes
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
        folded = fold(draft.text)
        try:
            # The keywords and not their places, which the automaton would work out also where it finds nothing.
            found = self._scan(folded, True)
        except UnicodeEncodeError:
            return self.run(draft._replace(text=without_surrogates(draft.text)))
        if self._looks_further:
            return self._look_further(Reading(draft, folded, self._whole_words(folded, self._places(folded, found))))
        return self._answer(draft, folded, self._places(folded, found)) if found else []

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
            found = self._scan_for_places(_SEAM.join(folded), overlapping=True)
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

    def _places(self, text: str, found: Sequence[str]) -> Sequence[Place]:
        """Where the keywords stand that were found, which are given in the order of their ends."""
        numbers = self._numbers
        if len(found) == 1:
            (keyword,) = found
            start = text.find(keyword)
            return ((numbers[keyword], start, start + len(keyword)),)
        places: list[Place] = []
        after: dict[str, int] = {}
        end = 0
        for keyword in found:
            # None ends before the one found last, so the text is gone through only once.
            start = text.find(keyword, max(end - len(keyword), after.get(keyword, 0)))
            after[keyword] = start + 1
            end = start + len(keyword)
            places.append((numbers[keyword], start, end))
        return places

    def _answer(self, draft: Draft, folded: str, found: Sequence[Place]) -> list[Match]:
        """The matches where nothing but keywords was to be looked for; most keywords need no `Reading`."""
        if len(found) > 1:
            return self._answer_many(draft, folded, found)
        ((keyword, start, end),) = found
        left, right, signs, inside, rules = self._targets[keyword]
        if _goes_on(folded, start if left else 0, end if right else 0):
            signs, rules = inside, None
        if rules is not None:
            span = _in_text(draft, folded, start, end)
            return [Match(rule.placed, span) for rule in rules]
        if len(signs) == 1:
            return _ask(Reading(draft, folded, {signs[0]: [(start, end)]}), self._waiting[signs[0]])
        return self._look_further(Reading(draft, folded, {sign: [(start, end)] for sign in signs})) if signs else []

    def _answer_many(self, draft: Draft, folded: str, found: Sequence[Place]) -> list[Match]:
        targets = self._targets
        places: dict[int, tuple[int, int, tuple[_Compiled, ...]]] = {}
        for keyword, start, end in found:
            left, right, signs, inside, rules = targets[keyword]
            if _goes_on(folded, start if left else 0, end if right else 0):
                if not inside:
                    continue
                rules = None
            if rules is None:
                return self._look_further(Reading(draft, folded, self._whole_words(folded, found)))
            sign = signs[0]
            known = places.get(sign)
            if known is None or start < known[0] or (start == known[0] and end > known[1]):
                places[sign] = (start, end, rules)
        return _standing(draft, folded, [*places.values()]) if places else []

    def _whole_words(self, text: str, found: Sequence[Place]) -> Seen:
        """The signs of the keywords that were found, unless a keyword must be a word and is only a part of one."""
        seen: Seen = {}
        targets = self._targets
        for keyword, start, end in found:
            left, right, signs, inside, _ = targets[keyword]
            for sign in inside if _goes_on(text, start if left else 0, end if right else 0) else signs:
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
    if len(places) == 1:
        ((start, end, rules),) = places
        span = _in_text(draft, folded, start, end)
        return [Match(rule.placed, span) for rule in rules]
    text, last = draft.text, max(end for _, end, _ in places)
    if (text.isascii() and len(text) == len(folded)) or begins_alike(text, folded, last):
        spans = [Span(start, end) for start, end, _ in places]
    else:
        reading = Reading(draft, folded, {})
        spans = [reading.from_folded(start, end) for start, end, _ in places]
    ranked = [
        (rule.severity, span.start, rule.number, Match(rule.placed, span))
        for span, (_, _, rules) in zip(spans, places, strict=True)
        for rule in rules
    ]
    ranked.sort()
    return [match for *_, match in ranked]


def _in_text(draft: Draft, folded: str, start: int, end: int) -> Span:
    """Where a place in the folded text stands in the text that was sent; mostly at the same place."""
    text = draft.text
    if (text.isascii() and len(text) == len(folded)) or begins_alike(text, folded, end):
        return Span(start, end)
    return Span(*(among_spaces(text, folded, start, end) or OffsetMap.of_folded(text, end).back(start, end)))


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


def _taken_apart(found: Sequence[Place], texts: Sequence[str]) -> dict[int, list[Place]]:
    """What was found in joined texts, by the text, with the places there; it comes in the order of the texts."""
    parts: dict[int, list[Place]] = {}
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


def _goes_on(text: str, start: int, end: int) -> bool:
    """Tell whether a word goes on before `start` or behind `end`; 0 for an edge that no word has to end at."""
    return (start > 0 and (before := text[start - 1]) not in NO_WORD and is_word(before)) or (
        0 < end < len(text) and (after := text[end]) not in NO_WORD and is_word(after)
    )


def _automaton(keywords: list[str], *, tells_keywords: bool = False) -> AhoCorasick:
    small = len(keywords) <= MAX_DFA_KEYWORDS
    implementation = Implementation.DFA if small else Implementation.ContiguousNFA
    return AhoCorasick(keywords, store_patterns=tells_keywords, implementation=implementation)
