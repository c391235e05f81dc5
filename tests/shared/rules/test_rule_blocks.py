"""Rule blocks as authors write them: what is understood, what is refused and how that is said, and their examples."""

import re
from pathlib import Path

import pytest

from shared.rules import Draft, Evasion, FailedExample, InvalidRule, Rule, RuleSet, Severity, failing_examples
from shared.rules.source import MAX_SIZE
from tests.shared.rules.making import place, rule

BLOCK = """
id: disclose-employer
severity: hold            # advise | hold | block
detect:
  disclosure: {of: ["Northlight", "NorthPhone"], tags: ["#NorthlightTeam", "I work at Northlight"]}
message: Say that you work here when you praise our products.
suggestion: Add #NorthlightTeam.
applies_to: {kinds: [post, reply], networks: [mastodon, bluesky]}   # also: departments, without_certification
examples:
  match: ["The new NorthPhone is brilliant!"]
  pass: ["The new NorthPhone is brilliant! #NorthlightTeam"]
"""
REST = "severity: hold\nmessage: m\n"


def test_a_rule_block_is_read_and_survives_json() -> None:
    made = Rule.from_yaml(BLOCK)

    assert (made.id, made.severity, made.evasion) == ("disclose-employer", Severity.HOLD, Evasion.NORMAL)
    assert made.suggestion == "Add #NorthlightTeam."
    assert made.applies_to.networks == ("mastodon", "bluesky")
    assert failing_examples(made) == []
    assert Rule.model_validate_json(made.model_dump_json()) == made


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    made = Rule.from_yaml(
        f"id: x\n{REST}detect: {{words: [no, off, 1.0, 2026-01-01, null, #sale], languages: {{no: [ja]}}}}"
    )
    matching = [text for text in ("No!", "off", "1.0", "2026-01-01", "#sale", "ja", "maybe") if _hits(made, text)]

    assert matching == ["No!", "off", "1.0", "2026-01-01", "#sale", "ja"]


def _hits(made: Rule, text: str) -> bool:
    return bool(RuleSet.compile(place(made)).run(Draft(text)))


@pytest.mark.parametrize(
    ("block", "pointer", "line", "said"),
    [
        ("", "", None, "empty"),
        ("- a", "", None, "begins with `id:`"),
        ("id: [", "", 2, "Not valid YAML"),
        ("id: x\nid: y", "/id", 2, "twice"),
        ("id: x\n---\nid: y", "", None, "one rule"),
        ("id: &a x\nmessage: *a", "/id", 1, "Anchors and aliases"),
        ("id: !!python/object/apply:os.system [id]", "/id", 1, "Tags"),
        ("? [a]\n: b", "", 1, "key must be a word"),
        ("id: \x07", "", None, "Not valid YAML"),
        ("id: \ud800", "", None, "half a character"),
        (f"id: x\n{REST}", "/detect", 1, "missing"),
        (f"id: {'x' * 65}\n{REST}detect: {{words: [a]}}", "/id", 1, "64 characters"),
        (f"id: X Y\n{REST}detect: {{words: [a]}}", "/id", 1, "pattern"),
        (f"id: x\n{REST}detect: {{words: [a]}}\nsevere: yes", "/severe", 5, "no such field"),
        (f"id: x\n{REST}detect: {{shout: [a]}}", "/detect", 4, "no such detector"),
        (f"id: x\n{REST}detect: {{pii: [diary]}}", "/detect/pii/0", 4, "'email', 'phone'"),
        (f"id: x\n{REST}detect: {{pii: [national_id]}}", "/detect", 4, "needs `regions"),
        (f"id: x\n{REST}detect: {{pii: [national_id], regions: [DE, VA]}}", "/detect", 4, "known for VA; .* DE, "),
        (f"id: x\n{REST}detect: {{pii: [phone], regions: [de]}}", "/detect/regions/0", 4, "two capital letters"),
        (
            f"id: x\n{REST}detect:\n  embargo: {{words: [a], until: soon}}",
            "/detect/embargo/until",
            5,
            "Write a date as 2026-12-01",
        ),
        (
            f"id: x\n{REST}detect: {{embargo: {{words: [a], until: 2026-12-01T09:00}}}}",
            "/detect/embargo/until",
            4,
            "in which zone",
        ),
        (
            f"id: x\n{REST}detect: {{quiet_period: {{from: 2026-12-01, to: 2026-11-30}}}}",
            "/detect/quiet_period",
            4,
            "must be after",
        ),
        (f"id: x\n{REST}detect: {{missing: subtitles}}", "/detect/missing", 4, "'alt_text' or 'captions'"),
        (f"id: x\n{REST}detect: {{language: {{only: [english]}}}}", "/detect/language/only/0", 4, "pattern"),
        (f"id: x\n{REST}detect: {{pattern: 'a(?=b)'}}", "/detect/pattern", 4, "no look-ahead"),
        (f"id: x\n{REST}detect: {{pattern: '(a)\\1'}}", "/detect/pattern", 4, "no back-references"),
        (
            f"id: x\n{REST}detect: {{words: [a]}}\nexamples:\n  match: [{{text: a, moon: full}}]",
            "/examples/match/0/moon",
            6,
            "no such field",
        ),
        (f"id: x\n{REST}detect: {{words: [a], pattern: b}}", "/detect", 4, "join them"),
        (f"id: x\n{REST}detect: {{words: []}}", "/detect", 4, "at least one word"),
        (
            f"id: x\n{REST}detect:\n  any:\n  - words: [a]\n  - not: {{words: ['\u200b']}}",
            "/detect/any/1/not/words/0",
            7,
            "visible",
        ),
        (
            f"id: x\n{REST}detect: {{links: {{domains: ['https://a.example/b']}}}}",
            "/detect/links/domains/0",
            4,
            "plain domain",
        ),
        (f"id: x\n{REST}detect: {'{not: ' * 9}{{words: [a]}}{'}' * 9}", "/detect", 4, "too deeply"),
        (f"id: x\n{REST}detect: {'[' * 30}{']' * 30}", "/detect", 4, "deeply"),
        ("x" * (MAX_SIZE + 1), "", None, "at most"),
    ],
)
def test_a_block_that_cannot_be_used_is_refused_with_the_place_and_the_reason(
    block: str, pointer: str, line: int | None, said: str
) -> None:
    with pytest.raises(InvalidRule, match=said) as refused:
        Rule.from_yaml(block)
    assert refused.value.pointer.startswith(pointer)
    assert refused.value.line == line


def test_all_faults_of_a_block_are_told_at_once() -> None:
    with pytest.raises(InvalidRule) as refused:
        Rule.from_yaml("id: x\nseverity: severe\nmessage: ''\ndetect: {words: [a]}")
    assert [fault.pointer for fault in refused.value.faults] == ["/severity", "/message"]


def test_an_example_that_a_rule_does_not_treat_as_expected_is_named_with_the_reason() -> None:
    wrong = rule({"words": ["cheap"]}, examples={"match": ["cheap!", "cheaper"], "pass": ["not cheap at all", "fair"]})

    assert failing_examples(wrong) == [
        FailedExample("cheaper", "match", "The rule finds nothing in it."),
        FailedExample("not cheap at all", "pass", "The rule matches it at “cheap”."),
    ]


def test_examples_are_tried_as_texts_to_which_the_rule_applies() -> None:
    narrow = rule(
        {"words": ["profit"]},
        applies_to={
            "kinds": ["reply"],
            "networks": ["x"],
            "departments": ["Finance"],
            "without_certification": "coach",
        },
        examples={"match": ["profit"]},
    )
    assert failing_examples(narrow) == []


def test_the_rules_of_the_guide_do_what_they_say() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```rule\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)

    assert len(blocks) > 3
    assert [failing_examples(Rule.from_yaml(block)) for block in blocks] == [[] for _ in blocks]
