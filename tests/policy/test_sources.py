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


ATTACKS = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](//evil.example/a)",
    "[x](/here)",
    "[x](#there)",
    "[x](?q)",
    "[x](https:evil)",
    "[x](vbscript:x)",
    "![x](https://elsewhere.example/pixel.png)",
    "![x](data:image/png;base64,AAAA)",
    '[x](https://a.example ""onmouseover=alert(1) ")',
    '<https://a.example/"onclick=x>',
    "`<img src=x onerror=alert(1)>`",
    "| a |\n|:-:|\n| ![x](y) |",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "[![x](y)](z)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)


@given(st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=10)), max_size=6).map("\n\n".join))
def test_nothing_runs_or_is_loaded_from_a_page_and_every_link_is_absolute(text: str) -> None:
    content, _ = outcome(f"# A\n{text}")
    for section in content.sections if content else []:
        tags = re.findall(r"<([^>]*)>", section.html)
        assert not [tag for tag in tags if re.match(r"(script|img|iframe|svg|style|object)", tag)]
        assert not [tag for tag in tags if re.search(r"\s(on\w+|style|src)\s*=", re.sub(r'"[^"]*"', "", tag))]
        links = re.findall(r'href="([^"]*)"', section.html)
        assert all(re.match(r"(https?://.|mailto:|tel:)", link) for link in links), links


def test_the_hash_of_a_section_is_that_of_its_words_not_of_their_formatting() -> None:
    def digest(body: str) -> str:
        return parse(f"# A\n{body}").sections[0].hash

    plain = digest("Say who you work for. Be kind.")
    for same in ("Say *who* you\n**work** for.\n\n- Be `kind`.", "> Say who you work for.\n> Be kind.\n\n---\n"):
        assert digest(same) == plain
    links = [digest(f"[Ask]({link}) us.") for link in ("https://a.example", "https://b.example")]
    assert len({plain, digest("Say who you work for. Be ~~kind~~."), *links}) == 4


def test_sections_know_the_one_above_them_and_keep_their_id_where_they_move() -> None:
    content = parse("# A\n### B {#b}\n## C\n### D\n# E\n")
    assert [(each.id, each.parent) for each in content.sections] == [
        ("a", None),
        ("b", "a"),
        ("c", "a"),
        ("d", "c"),
        ("e", None),
    ]
    moved = parse("# E\n# A\n## C\n## B {#b}\n### D\n")
    assert {each.id: each.hash for each in moved.sections} == {each.id: each.hash for each in content.sections}
