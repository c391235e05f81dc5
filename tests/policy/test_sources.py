"""Whatever somebody writes, a source is read or refused with reasons, and soon."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.sources import InvalidSource, parse
from services.policy.schemas.policies import Content

LINES = (
    "# A",
    "## B {#b}",
    "### {#x}",
    "Setext",
    "===",
    "---",
    "title: T",
    "title: [",
    "surprise: x",
    "```rule",
    "```",
    "~~~rule",
    "id: a",
    "severity: hold",
    "detect: {words: [x]}",
    "message: m",
    "> # quoted",
    "- # listed",
    "  ```rule",
    "<b>x</b>",
    "    code",
    "|a|",
    "|-|",
    "e\u0301 \u202e \u2028 \U0001f389",
    "",
)


@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=20)), max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_a_source_is_read_or_refused_with_the_line_of_each_error(lines: list[str], newline: str) -> None:
    source = newline.join(lines)
    content, errors = outcome(source)
    if content is None:
        assert errors
        places = [re.match(r"Line (\d+): .", each) for each in errors]
        assert all(
            place and 1 <= int(place.group(1)) <= len(re.split(r"\r\n|\r|\n", source)) + 1 for place in places
        ), errors
        return
    ids = [section.id for section in content.sections]
    assert ids
    assert len(ids) == len(set(ids))
    assert {rule.section for rule in content.rules} <= set(ids)


def outcome(source: str) -> tuple[Content | None, list[str]]:
    try:
        return parse(source), []
    except InvalidSource as refused:
        return None, [each.detail for each in refused.errors or []]


def test_text_before_the_first_heading_is_an_introduction() -> None:
    content = parse("---\ntitle: Ours\n---\nHello.\n\n# First\nx\n")
    assert [(each.id, each.markdown) for each in content.sections] == [("introduction", "Hello."), ("first", "x")]


def test_a_rule_in_a_list_or_quotation_is_refused() -> None:
    _, errors = outcome("# A\n- x\n  ```rule\n  id: a\n  ```\n")
    assert errors == ["Line 3: a rule block must stand by itself, not in a list or quotation."]


@pytest.mark.parametrize(
    "source",
    [
        "# a" + " " * 150_000 + "b",
        "---\na: " + "[" * 50_000 + "\n---\n# A",
        "---\na: &x [1]\nb: [*x, *x]\n---\n# A",
        "# a\n" + ">" * 150_000,
        "# a\n" + "".join(" " * depth + "- x\n" for depth in range(500)),
    ],
    ids=["spaces", "deep YAML", "aliases", "quotations", "lists"],
)
def test_a_malicious_source_costs_little(source: str) -> None:
    started = time.process_time()
    content, errors = outcome(source)
    assert (content is None) == bool(errors)
    assert time.process_time() - started < 5
