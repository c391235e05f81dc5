"""What the linter says of a version, and that its packs do what their authors say."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.policy.domain.clauses import clauses
from services.policy.domain.lint_packs import FOLDER, LintRule, Pack, packs, words
from services.policy.domain.readability import readability
from tests.journeys.test_real_posts import POLICY as DEMONSTRATION
from tests.policy.conftest import PolicyService

OVERBROAD = """---
title: Social media
---
# Conduct {#conduct}
Employees must be respectful at all times. Do not discuss wages, **working
conditions** or anything else online.

You must not:

- make negative comments about the company;
- speak to the media without prior approval.

# Accounts {#accounts}
On request, share your password with your manager, e.g. Mr. Brown. Ask the BRLT team.

```rule
id: no-foo
severity: hold
detect: {words: [foo]}
message: No.
examples: {match: ["foo"], pass: ["bar", "foo again"]}
```

# Checks {#checks}

```rule
id: no-bar
severity: hold
detect: {words: [bar]}
message: No.
suggestion: Baz.
examples: {match: ["bar"], pass: ["foo"]}
```
"""
RULES = [(pack, rule) for pack in packs() for rule in pack.rules]


async def lint(service: PolicyService, source: str, **params: object) -> dict[str, Any]:
    version = await service.write(source)
    answer = await service.client.get(f"{version}/lint", params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_overbroad_clauses_are_found_with_their_law_and_a_narrower_wording(service: PolicyService) -> None:
    body = await lint(service, OVERBROAD, jurisdiction="US")

    found = {finding["rule"]: finding for finding in body["findings"]}
    clauses_found = {rule: (each["section"], each["quote"]) for rule, each in found.items() if each["quote"]}
    assert clauses_found == {
        "us-pay-secrecy": ("conduct", "Do not discuss wages, **working\nconditions** or anything else online."),
        "us-hours-and-conditions": (
            "conduct",
            "Do not discuss wages, **working\nconditions** or anything else online.",
        ),
        "us-criticism-of-employer": ("conduct", "make negative comments about the company;"),
        "us-media-contact": ("conduct", "speak to the media without prior approval."),
        "us-civility": ("conduct", "Employees must be respectful at all times."),
        "us-account-access": ("accounts", "On request, share your password with your manager, e.g. Mr. Brown."),
        "unexplained-abbreviation": ("accounts", "Ask the BRLT team."),
    }
    pay = found["us-pay-secrecy"]
    assert (pay["severity"], pay["jurisdiction"], pay["date"]) == ("error", "US", "2023-08-02")
    assert pay["source"]["citation"] == "29 U.S.C. §§ 157, 158(a)(1)"
    checked = {rule: each["source"]["checked"] for rule, each in found.items()}
    assert (checked["us-pay-secrecy"], checked["us-account-access"]) == (None, "2026-11-23"), (
        "an unchecked citation says that it is"
    )
    assert pay["why"]
    assert "payroll records" in pay["narrower_wording"]
    assert {rule for rule, each in found.items() if each["section"] is None} == {
        "missing-rights",
        "missing-disclosure",
        "us-missing-disclosure",
    }
    assert {rule: each["policy_rule"] for rule, each in found.items() if each["policy_rule"]} == {
        "rule-without-suggestion": "no-foo",
        "rule-fails-its-examples": "no-foo",
        "rule-without-words": "no-bar",
    }
    severities = [finding["severity"] for finding in body["findings"]]
    assert severities == sorted(severities, key=["error", "warning", "notice"].index)
    assert body["counts"] == {each: severities.count(each) for each in ("error", "warning", "notice")}


async def test_a_span_is_the_clause_in_the_markdown_of_its_section(service: PolicyService) -> None:
    version = await service.write(OVERBROAD.replace("Employees must", "Ærlig talt 🙂: employees must"))
    sections = {each["id"]: each["markdown"] for each in (await service.client.get(version)).json()["sections"]}
    findings = (await service.client.get(f"{version}/lint")).json()["findings"]
    spanned = [each for each in findings if each["span"]]
    assert len(spanned) > 10
    for each in spanned:
        assert sections[each["section"]][each["span"]["start"] : each["span"]["end"]] == each["quote"]


async def test_only_what_holds_in_a_place_and_on_a_day_is_said(service: PolicyService) -> None:
    async def rules(**params: object) -> set[str]:
        return {finding["rule"] for finding in (await lint(service, OVERBROAD, **params))["findings"]}

    german = await rules(jurisdiction="DE")
    assert {"de-pay-secrecy", "eu-pay-secrecy", "missing-rights"} <= german
    assert not {rule for rule in german if rule.startswith(("us-", "gb-"))}
    before = await rules(jurisdiction="DE", as_of="2020-01-01")
    assert "de-pay-secrecy" in before
    assert "eu-pay-secrecy" not in before
    answer = await service.client.get("/v1/policies/social-media/versions/1/lint", params={"jurisdiction": "Mars"})
    assert answer.status_code == 422


async def test_a_german_policy_is_read_in_german(service: PolicyService) -> None:
    source = (
        "---\nlocale: de-DE\n---\n# Verhalten {#verhalten}\nÜber die Vergütung ist Stillschweigen zu bewahren. "
        "Werbung für eine Gewerkschaft ist untersagt.\n"
    )
    body = await lint(service, source, jurisdiction="DE")
    assert body["readability"]["measure"] == "Wiener Sachtextformel"
    assert {"de-pay-secrecy", "de-organising", "missing-rights", "missing-contact"} <= {
        each["rule"] for each in body["findings"]
    }


async def test_a_language_without_words_is_said_to_be_unknown(service: PolicyService) -> None:
    body = await lint(service, "---\nlocale: fi\n---\n# Ystävällisyys {#y}\nOle ystävällinen.\n")
    assert [each["rule"] for each in body["findings"]] == ["unknown-language"]


async def test_the_demonstrations_policy_has_nothing_to_find(service: PolicyService) -> None:
    body = await lint(service, DEMONSTRATION)
    assert body["findings"] == []
    assert body["readability"]["grade"] < 10


async def test_a_draft_is_linted_only_for_those_who_see_it(service: PolicyService) -> None:
    version = await service.write(OVERBROAD)
    assert (await service.as_person("E-3").get(f"{version}/lint")).status_code == 404
    assert (await service.as_person("E-3", "team:read").get(f"{version}/lint")).status_code == 200


@pytest.mark.parametrize(("pack", "rule"), RULES, ids=[rule.id for _, rule in RULES])
def test_a_lint_rule_does_what_its_examples_say(pack: Pack, rule: LintRule) -> None:
    assert rule.id.startswith(f"{pack.jurisdiction.lower()}-") or pack.jurisdiction == "any"
    for language, examples in rule.examples.items():
        known = words(language)
        assert known is not None
        for wanted, texts in ((True, examples.match), (False, examples.pass_)):
            for text in texts:
                hit = any(rule.hits(known.found_in(clause.read)) for clause in clauses(text))
                assert hit is wanted, f"{language}: {text}"


def test_every_language_has_every_list_that_a_pack_asks_for() -> None:
    files = sorted((FOLDER / "words").glob("*.yaml"))
    assert len(files) >= 2
    asked = {"forbids", "permits", "defines"}
    for _, rule in RULES:
        asked |= {*(rule.clause.about if rule.clause else ()), *rule.unless, *rule.unless_in_policy}
        asked |= {rule.missing} if rule.missing else set()
    for file in files:
        listed = set(re.findall(r"^  ([a-z-]+):", file.read_text(), re.MULTILINE))
        assert asked - listed == set(), file.name


def test_ids_are_unique_among_all_packs() -> None:
    ids = [rule.id for _, rule in RULES]
    assert len(ids) == len(set(ids))


MARKDOWN = st.lists(st.sampled_from([*"aB *_-.:!?|>\n\t[]()`🙂é1\\#", "\n\n", "- ", "e.g. ", ". A"]), max_size=80).map(
    "".join
)


@given(MARKDOWN)
def test_clauses_come_in_order_and_stand_where_they_say(markdown: str) -> None:
    before = 0
    letters = 0
    for clause in clauses(markdown):
        assert before <= clause.start < clause.end <= len(markdown)
        assert markdown[clause.start : clause.end] == clause.text
        before = clause.end
        letters += sum(letter.isalpha() for letter in clause.text)
    assert letters == sum(letter.isalpha() for letter in markdown)


def test_long_words_and_sentences_are_harder_to_read() -> None:
    for language, easy, hard in (
        (
            "en",
            "Be kind. Say who you are. Ask us.",
            "Notwithstanding organisational considerations, communication responsibilities necessitate authorisation.",
        ),
        (
            "de",
            "Sei nett. Sag, wer du bist. Frag uns.",
            "Ungeachtet organisatorischer Erwägungen unterliegen Kommunikationsverantwortlichkeiten Genehmigungsvorbehalten.",
        ),
        (
            "fr",
            "Sois gentil. Dis qui tu es.",
            "Nonobstant les considérations organisationnelles, les responsabilités communicationnelles nécessitent une autorisation.",
        ),
    ):
        assert readability(easy, language).grade < 4
        assert readability(hard, language).grade >= 12
    # One sentence, 10 words, 12 syllables: 0.39 * 10 + 11.8 * 1.2 - 15.59.
    assert readability("The cat sat on the mat and looked very happy.", "en").grade == 2.5
    assert readability("", "en").words == 0


@pytest.mark.parametrize(
    "piece",
    ["](", ". ", "a. ", "\n- ", "Ab. C ", "(", "| ", "ABC DEF. ", "\n \n", "must not wages. ", "_*`", "@a.", "\n> "],
)
async def test_a_hostile_text_is_linted_in_bounded_time(service: PolicyService, piece: str) -> None:
    source = "# A {#a}\nWords.\n\n" + piece * (90_000 // len(piece))
    version = await service.write(source)
    began = time.perf_counter()
    answer = await service.client.get(f"{version}/lint")
    assert answer.status_code == 200
    assert len(answer.json()["findings"]) <= 500
    assert time.perf_counter() - began < 10
