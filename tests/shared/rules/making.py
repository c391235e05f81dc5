"""Short ways to make a rule and to see what it finds."""

from shared.rules import Draft, PlacedRule, Rule, RuleSet


def rule(detect: object, **more: object) -> Rule:
    """Make a rule of which only the detector matters."""
    return Rule.model_validate({"id": "a-rule", "severity": "hold", "message": "m", "detect": detect, **more})


def place(*rules: Rule) -> list[PlacedRule]:
    """Put rules into one section of one policy."""
    return [PlacedRule(one, policy="social-media", version=3, section="answering") for one in rules]


def found(detect: object, draft: Draft | str, **more: object) -> str | None:
    """The part of the text that the rule matches first, None if it does not match."""
    draft = Draft(draft) if isinstance(draft, str) else draft
    matches = RuleSet.compile(place(rule(detect, **more))).run(draft)
    return draft.text[matches[0].span.start : matches[0].span.end] if matches else None
