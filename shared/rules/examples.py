"""Try a rule on its own examples, so that it is known to do what its author means before it is in force."""

from dataclasses import dataclass
from typing import Literal

from shared.rules.detectors import (
    AllDetector,
    AnyDetector,
    Detector,
    FirstContactPitchDetector,
    LanguageDetector,
    MissingDetector,
)
from shared.rules.draft import Draft
from shared.rules.rule import ExampleDraft, PlacedRule, Rule
from shared.rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class FailedExample:
    """An example that the rule does not treat as its author expected, and why that is so."""

    example: str
    expected: Literal["match", "pass"]
    why: str


def failing_examples(rule: Rule) -> list[FailedExample]:
    """The examples that the rule fails; empty if it is as it should be.

    Unless an example says otherwise it is tried as the strictest case: by staff, to whom the rule applies, in a first
    contact, within every embargo and quiet period, with nothing beside it.
    """
    ruleset = RuleSet.compile([PlacedRule(rule, policy="", version=0, section="")])
    kind = rule.applies_to.kinds[0] if rule.applies_to.kinds else "post"
    failed: list[FailedExample] = []
    expectations: tuple[tuple[Literal["match", "pass"], tuple[str | ExampleDraft, ...]], ...] = (
        ("match", rule.examples.match),
        ("pass", rule.examples.pass_),
    )
    for expected, examples in expectations:
        for example in examples:
            one = ExampleDraft(text=example) if isinstance(example, str) else example
            why = _why_not(rule, ruleset, one.as_draft(kind), expected)
            if why is not None:
                failed.append(FailedExample(one.text, expected, why))
    return failed


def _why_not(rule: Rule, ruleset: RuleSet, draft: Draft, expected: str) -> str | None:
    matches = ruleset.run(draft)
    if matches and expected == "pass":
        place = draft.text[matches[0].span.start : matches[0].span.end]
        return f"The rule matches it at “{place}”."
    if matches or expected == "pass":
        return None
    if not rule.applies_to.covers(draft):
        return "The rule does not apply to it: see `applies_to`."
    return " ".join(["The rule finds nothing in it.", *_hints(rule.detect, draft)])


def _hints(detect: Detector, draft: Draft) -> list[str]:
    """What an example lacks for a detector that looks at more than the text."""
    if isinstance(detect, AllDetector | AnyDetector):
        parts = detect.all if isinstance(detect, AllDetector) else detect.any
        return [hint for part in parts for hint in _hints(part, draft)]
    if isinstance(detect, MissingDetector) and not draft.media:
        return ["Say what stands beside it: `{text: ..., media: [{kind: image}]}`."]
    if isinstance(detect, FirstContactPitchDetector) and not draft.first_contact:
        return ["It says that it is no first contact."]
    if isinstance(detect, LanguageDetector) and draft.language is None:
        return ["A short text may not tell its language: name it, `{text: ..., language: fr}`, or write more."]
    return []
