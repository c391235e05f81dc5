"""The rule engine: rules of a policy, run over what staff write. Knows no database, no events, no HTTP."""

from shared.rules.draft import Draft, Kind, Media, Span
from shared.rules.examples import FailedExample, failing_examples
from shared.rules.rule import Evasion, Mode, PlacedRule, Rule, Severity
from shared.rules.ruleset import Match, RuleSet
from shared.rules.source import Fault, InvalidRule

__all__ = [
    "Draft",
    "Evasion",
    "FailedExample",
    "Fault",
    "InvalidRule",
    "Kind",
    "Match",
    "Media",
    "Mode",
    "PlacedRule",
    "Rule",
    "RuleSet",
    "Severity",
    "Span",
    "failing_examples",
]
