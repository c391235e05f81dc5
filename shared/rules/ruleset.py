"""Many rules made ready to be run over many texts.

One Aho-Corasick pass over the folded text finds all keywords of all rules; a keyword counts where it is a whole word.
Only the rules that wait for something which was found are asked, and only for a match is its place worked out.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from shared.rules import evasion
from shared.rules.draft import Draft, Span
from shared.rules.folding import fold, is_word, without_surrogates
from shared.rules.plan import WHOLE, Plan, Probe
from shared.rules.reading import Reading
from shared.rules.rule import AppliesTo, Evasion, PlacedRule

# Beyond this a DFA takes longer to build than it saves, and no longer fits the processor's cache.
MAX_DFA_KEYWORDS = 3_000


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that matched, and where it first did."""

    rule: PlacedRule
    span: Span


class _Compiled(NamedTuple):
    placed: PlacedRule
    order: tuple[int, str]
    probe: Probe
    applies_to: AppliesTo | None


class _Target(NamedTuple):
    """What a keyword stands for: signs that need word boundaries, at which edges, and signs that do not."""

    left: bool
    right: bool
    whole: tuple[int, ...]
    anywhere: tuple[int, ...]


class RuleSet:
    """Rules compiled together; unchangeable, so any number of threads may run it."""

    def __init__(self, rules: Sequence[PlacedRule]) -> None:
        plan = Plan()
        self._rules = [
            _Compiled(
                placed,
                (-placed.rule.severity.rank, placed.rule.id),
                placed.rule.detect.compile(plan, strict=placed.rule.evasion is Evasion.STRICT),
                None if placed.rule.applies_to == AppliesTo() else placed.rule.applies_to,
            )
            for placed in rules
        ]
        self._always = [number for number, rule in enumerate(self._rules) if rule.probe.signs is None]
        self._waiting: dict[int, list[int]] = defaultdict(list)
        for number, rule in enumerate(self._rules):
            for sign in rule.probe.signs or ():
                self._waiting[sign].append(number)
        self._targets = [_Target(a.left, a.right, tuple(a.whole), tuple(a.anywhere)) for a in plan.anchors.values()]
        self._keywords = _automaton(list(plan.anchors))
        self._disguised = list(plan.disguised.values())
        self._skeletons = _automaton(list(plan.disguised))
        self._tests = list(plan.tests.items())
        self._looks_further = bool(self._always or self._disguised or self._tests)

    @classmethod
    def compile(cls, rules: Sequence[PlacedRule]) -> "RuleSet":
        """Make rules ready to run; takes some 30 microseconds a rule."""
        return cls(rules)

    def run(self, draft: Draft) -> list[Match]:
        """Find the rules that the draft breaks, each once: the most severe first, then by place, then by rule id."""
        try:
            return self._run(draft)
        except UnicodeEncodeError:
            return self._run(draft._replace(text=without_surrogates(draft.text)))

    def _run(self, draft: Draft) -> list[Match]:
        folded = fold(draft.text)
        keywords = self._keywords.find_matches_as_indexes(folded, overlapping=True)
        if not keywords and not self._looks_further:
            return []
        reading = Reading(draft, folded)
        self._keep_whole_words(reading, keywords)
        if self._disguised:
            self._look_behind_disguises(reading)
        for test, sign in self._tests:
            if test(reading):
                reading.seen[sign] = []
        if not reading.seen and not reading.disguised and not self._always:
            return []
        return self._ask(reading)

    def _keep_whole_words(self, reading: Reading, keywords: Sequence[tuple[int, int, int]]) -> None:
        text, seen, targets = reading.folded, reading.seen, self._targets
        for keyword, start, end in keywords:
            left, right, whole, anywhere = targets[keyword]
            for sign in anywhere:
                seen.setdefault(sign, []).append((start, end))
            if not whole or (left and start and is_word(text[start - 1])):
                continue
            if right and end < len(text) and is_word(text[end]):
                continue
            for sign in whole:
                seen.setdefault(sign, []).append((start, end))

    def _ask(self, reading: Reading) -> list[Match]:
        """Ask the rules that wait for what was seen, and those that cannot wait for anything."""
        draft = reading.draft
        numbers = {*self._always}
        for sign in (*reading.seen, *reading.disguised):
            numbers.update(self._waiting.get(sign, ()))
        found: list[tuple[int, int, str, int, Match]] = []
        for number in numbers:
            placed, (severity, name), probe, applies_to = self._rules[number]
            if applies_to is None or applies_to.covers(draft):
                span = probe.find(reading)
                if span is not None:
                    span = Span(0, len(draft.text)) if span is WHOLE else span
                    found.append((severity, span.start, name, number, Match(placed, span)))
        found.sort()
        return [match for *_, match in found]

    def _look_behind_disguises(self, reading: Reading) -> None:
        text = reading.draft.text
        found = self._skeletons.find_matches_as_indexes(evasion.skeleton(text), overlapping=True)
        if not found:
            return
        letters = evasion.places(text)
        for number, first, last in found:
            for disguised, sign in self._disguised[number]:
                span = disguised.find(text, letters[first], letters[last - 1])
                if span is not None:
                    reading.disguised.setdefault(sign, []).append(span)


def _automaton(keywords: list[str]) -> AhoCorasick:
    small = len(keywords) <= MAX_DFA_KEYWORDS
    implementation = Implementation.DFA if small else Implementation.ContiguousNFA
    return AhoCorasick(keywords, store_patterns=False, implementation=implementation)
