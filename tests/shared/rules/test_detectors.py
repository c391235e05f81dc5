"""What each detector finds, and for whom."""

import time

import pytest

from shared.rules import Draft, InvalidRule, Rule, RuleSet, Span
from tests.shared.rules.making import found, place, rule


@pytest.mark.parametrize(
    ("words", "text", "place"),
    [
        ("café", "Un CAFE\u0301, bitte", "CAFE\u0301"),
        ("länder", "Die Länder", "Länder"),
        ("nder", "Die Länder", None),
        ("guaranteed returns", "gua\u200branteed\n  returns!", "gua\u200branteed\n  returns"),
        ("acme", "ＡＣＭＥ", "ＡＣＭＥ"),
        ("acme", "acme_help", None),
        ("acme", "_acme", None),
        ("acme", "Acme's", "Acme"),
        ("don't", "I don’t", "don’t"),
        ("#ad", "so#ad", "#ad"),
        ("#ad", "#adidas", None),
        ("istanbul", "İSTANBUL", "İSTANBUL"),
        ("شركة", "هذه شركة جيدة", "شركة"),
        ("👍", "ok 👍🏽", "👍"),
        ("x", "x\u0302", None),
    ],
)
def test_words_are_found_as_people_see_them_and_only_whole(words: str, text: str, place: str | None) -> None:
    assert found({"words": [words]}, text) == place


def test_with_substring_words_are_found_where_no_spaces_part_them() -> None:
    assert found({"words": ["保証"], "substring": True}, "利益を保証します") == "保証"
    assert found({"words": ["保証"]}, "利益を保証します") is None


def test_words_of_a_language_count_in_that_language_and_where_none_is_known() -> None:
    detect = {"words": ["bonus"], "languages": {"de": ["gift"]}}

    assert found(detect, Draft("a gift", language="de-AT")) == "gift"
    assert found(detect, Draft("a gift")) == "gift"
    assert found(detect, Draft("a gift", language="en")) is None
    assert found(detect, Draft("a bonus", language="en")) == "bonus"


def test_a_pattern_is_case_sensitive_and_sees_through_width_and_invisible_characters() -> None:
    assert found({"pattern": r"AB-\d{4}"}, "é AB-１２\u200b34!") == "AB-１２\u200b34"
    assert found({"pattern": r"AB-\d{4}"}, "ab-1234") is None
    assert found({"pattern": r"(?i)AB-\d{4}"}, "ab-1234") == "ab-1234"


def test_a_word_boundary_at_the_edge_of_a_pattern_knows_letters_of_all_scripts() -> None:
    assert found({"pattern": r"\bcafé\b"}, "un café noir") == "café"
    assert found({"pattern": r"\bnder\b"}, "die Länder") is None
    assert found({"pattern": r"(?i)\b(?:öl|gas)preise?\b"}, "Gaspreis, Ölpreise") == "Gaspreis"
    assert found({"pattern": r"(?i)\b(?:öl|gas)preise?\b"}, "Heizölpreise") is None


def test_staff_who_mention_us_must_say_so_within_the_first_part_of_the_text() -> None:
    detect = {"disclosure": {"of": ["Acme", "AcmePhone"], "tags": ["#AcmeEmployee", "I work at Acme"], "within": 45}}
    late = "The new AcmePhone is brilliant and I mean it! #AcmeEmployee"

    assert found(detect, "The new AcmePhone is brilliant!") == "AcmePhone"
    assert found(detect, "The new AcmePhone is great! #acmeemployee") is None
    assert found(detect, late) == "AcmePhone"
    assert found(detect, Draft(late, staff=True)) == "AcmePhone"
    assert found(detect, Draft(late, staff=False)) is None


@pytest.mark.parametrize(
    ("domains", "mode", "text", "place"),
    [
        (["bit.ly"], "never", "see https://BIT.ly/x.", "https://BIT.ly/x"),
        (["bit.ly"], "never", "see bit.ly/x, ok", "bit.ly/x"),
        (["bit.ly"], "never", "rabbit.ly/x", None),
        (["bit.ly"], "never", "bit.ly.example/x", None),
        (["bit.ly"], "never", "ｂｉｔ。ly/x", "ｂｉｔ。ly/x"),
        (["example.org"], "never", "é http://a.b.example.org:80", "http://a.b.example.org:80"),
        (["bücher.example"], "never", "https://xn--bcher-kva.example/1", "https://xn--bcher-kva.example/1"),
        (["xn--bcher-kva.example"], "never", "bücher.example/1", "bücher.example/1"),
        (
            ["acme.example"],
            "only",
            "https://a.acme.example/ https://acme.example@evil.test/ ",
            "https://acme.example@evil.test/",
        ),
        (["acme.example"], "only", "mail ana@evil.test or @ana@evil.test, see acme.example", None),
        (["acme.example"], "only", "That was all.Then she left, e.g. for 24.12./25.12.", None),
    ],
)
def test_links_are_known_by_the_host_they_lead_to(domains: list[str], mode: str, text: str, place: str | None) -> None:
    assert found({"links": {"domains": domains, "mode": mode}}, text) == place


def test_an_attached_link_counts_and_stands_for_the_whole_post() -> None:
    draft = Draft("Look at this", links=("https://evil.test/a",))

    assert found({"links": {"domains": ["acme.example"], "mode": "only"}}, draft) == "Look at this"
    assert found({"links": {"domains": ["evil.test"]}}, draft._replace(links=())) is None


def test_all_any_and_not_combine_detectors_and_point_at_what_they_found() -> None:
    detect = {"all": [{"any": [{"words": ["profit"]}, {"pattern": r"\d+ %"}]}, {"not": {"words": ["forecast"]}}]}

    assert found(detect, "We make 12 % profit") == "12 %"
    assert found(detect, "Forecast: 12 % profit") is None
    assert found({"not": {"words": ["kind regards"]}}, "Bye!") == "Bye!"


def test_a_rule_applies_where_it_says_and_what_is_not_known_exempts_nobody() -> None:
    scope = {
        "kinds": ["reply"],
        "networks": ["mastodon"],
        "departments": ["Finance"],
        "without_certification": ["spokesperson"],
    }
    reply = Draft("profit", kind="reply", network="Mastodon", department="finance", staff=True)

    def hit(draft: Draft) -> bool:
        return found({"words": ["profit"]}, draft, applies_to=scope) is not None

    assert hit(reply)
    assert hit(Draft("profit", kind="reply"))
    assert not hit(reply._replace(kind="post"))
    assert not hit(reply._replace(network="bluesky"))
    assert not hit(reply._replace(department="Support"))
    assert not hit(reply._replace(certifications=frozenset({"spokesperson"})))
    assert not hit(Draft("profit", kind="reply", staff=False))


def test_matches_come_most_severe_first_then_by_place_then_by_id() -> None:
    def named(name: str, severity: str, word: str) -> Rule:
        return rule({"words": [word]}).model_copy(
            update={"id": name, "severity": type(rule({"words": ["a"]}).severity)(severity)}
        )

    rules = [
        named("d", "advise", "one"),
        named("c", "hold", "two"),
        named("b", "hold", "one"),
        named("a", "block", "two"),
    ]
    matches = RuleSet.compile(place(*rules, named("a2", "hold", "one"))).run(Draft("one two one"))

    assert [match.rule.rule.id for match in matches] == ["a", "a2", "b", "c", "d"]
    assert matches[-1].span == Span(0, 3)


def test_a_pattern_that_would_take_ages_elsewhere_takes_no_time() -> None:
    slow = RuleSet.compile(place(rule({"pattern": r"(?:(?:a+)+)+b|(?:x*)*y|\b(?:\w+\s*)+!$"})))

    begin = time.process_time()
    assert slow.run(Draft("a" * 20_000 + " " + "x" * 20_000)) == []
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a(?=b)", "look-ahead"),
        ("(?<!a)b", "look-behind"),
        (r"(a)\1", "back-references"),
        ("(?P<x>a)(?P=x)", "back-references"),
        ("a*", "every text"),
        (r"\Ca", "characters in two"),
        ("(?:(?:[a-z]{100}){9}){9}x", "repetition"),
        (r"(?:\pL{30}\pN{30}){5}", "too large"),
        ("a{2,1}", "Not a valid RE2 pattern"),
        ("[a", "Not a valid RE2 pattern"),
        ("a" * 1001, "at most 1000"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_words_for_its_author(written: str, said: str) -> None:
    with pytest.raises(InvalidRule, match=said) as refused:
        Rule.from_yaml(f"id: x\nseverity: hold\nmessage: m\ndetect:\n  pattern: '{written}'")
    assert (refused.value.pointer, refused.value.line) == ("/detect/pattern", 5)
