"""Try a rule on its own examples, so that it is known to do what its author means before it is in force."""

from dataclasses import dataclass
from typing import Literal

from shared.rules.draft import Draft
from shared.rules.rule import PlacedRule, Rule
from shared.rules.ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class FailedExample:
    """An example that the rule does not treat as its author expected, and why that is so."""

    example: str
    expected: Literal["match", "pass"]
    why: str


def failing_examples(rule: Rule) -> list[FailedExample]:
    """The examples that the rule fails, run as posts by staff to whom it applies; empty if it is as it should be."""
    ruleset = RuleSet.compile([PlacedRule(rule, policy="", version=0, section="")])
    kind = rule.applies_to.kinds[0] if rule.applies_to.kinds else "post"

    def found(example: str) -> str | None:
        matches = ruleset.run(Draft(example, kind=kind, staff=True))
        return example[matches[0].span.start : matches[0].span.end] if matches else None

    missed = [
        FailedExample(example, "match", "The rule finds nothing in it.")
        for example in rule.examples.match
        if found(example) is None
    ]
    caught = [
        FailedExample(example, "pass", f"The rule matches it at “{place}”.")
        for example in rule.examples.pass_
        if (place := found(example)) is not None
    ]
    return missed + caught
