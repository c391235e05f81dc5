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
    scope = rule.applies_to
    kind = scope.kinds[0] if scope.kinds else "post"
    failed = []
    for example in rule.examples.match:
        if not ruleset.run(Draft(example, kind=kind, staff=True)):
            failed.append(FailedExample(example, "match", "The rule finds nothing in it."))
    for example in rule.examples.pass_:
        for match in ruleset.run(Draft(example, kind=kind, staff=True)):
            found = example[match.span.start : match.span.end]
            failed.append(FailedExample(example, "pass", f"The rule matches it at “{found}”."))
    return failed
