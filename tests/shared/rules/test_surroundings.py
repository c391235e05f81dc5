"""Detectors that look at more than the words: the moment, what stands beside a text, whom it is for, its language."""

import re
from datetime import UTC, datetime

import pytest

from shared.rules import Draft, FailedExample, Media, Rule, failing_examples
from shared.rules.folding import PLAIN, clean, continues, fold
from tests.shared.rules.making import found, rule


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def test_an_embargo_ends_with_the_beginning_of_its_day_or_at_its_hour() -> None:
    day = {"embargo": {"words": ["Orion"], "until": "2026-12-01"}}
    hour = {"embargo": {"words": ["Orion"], "until": "2026-12-01T09:00+01:00"}}

    assert found(day, Draft("Meet ORION", now=at(11, 30, 23))) == "ORION"
    assert found(day, Draft("Meet Orion", now=at(12, 1))) is None
    assert found(hour, Draft("Meet Orion", now=at(12, 1, 7))) == "Orion"
    assert found(hour, Draft("Meet Orion", now=at(12, 1, 8))) is None
    assert found(day, "Meet Orion") == "Orion"


def test_a_quiet_period_includes_its_last_day_and_concerns_what_it_is_joined_with() -> None:
    period = {"quiet_period": {"from": "2026-12-01", "to": "2026-12-03"}}
    detect = {"all": [{"words": ["revenue"]}, period]}

    assert found(detect, Draft("Our revenue", now=at(12, 3, 23))) == "revenue"
    assert found(detect, Draft("Our revenue", now=at(12, 4))) is None
    assert found(detect, Draft("Our revenue", now=at(11, 30, 23))) is None
    assert found(detect, Draft("Our offices", now=at(12, 3))) is None
    assert found(period, Draft("Our offices", now=at(12, 3))) == "Our offices"


def test_pictures_need_a_text_and_films_need_captions() -> None:
    bare, told = Media("image"), Media("image", alt_text=True)
    silent, captioned = Media("video"), Media("video", captions=True)

    assert found({"missing": "alt_text"}, Draft("Look", media=(told, bare))) == "Look"
    assert found({"missing": "alt_text"}, Draft("Look", media=(told, silent))) is None
    assert found({"missing": "captions"}, Draft("Look", media=(captioned, silent))) == "Look"
    assert found({"missing": "captions"}, Draft("Look", media=(captioned, bare))) is None
    assert found({"missing": "alt_text"}, "Look") is None


def test_a_pitch_is_found_in_a_first_contact_only() -> None:
    detect = {"first_contact_pitch": {"words": ["discount", "special offer"]}}

    assert found(detect, Draft("Hi! A special  offer", first_contact=True)) == "special  offer"
    assert found(detect, Draft("Hi! A special offer", first_contact=False)) is None
    assert found(detect, "Hi! A special offer") is None


@pytest.mark.parametrize(
    ("only", "text", "other"),
    [
        (["en"], "Bonjour tout le monde, voici notre nouvelle offre !", True),
        (["en", "fr"], "Bonjour tout le monde, voici notre nouvelle offre !", False),
        (["fr"], "いつもご利用いただきありがとうございます", True),
        (["en"], "WE ARE OPENING A NEW OFFICE IN LISBON TODAY", False),
        (["nb"], "Vi har lansert et nytt produkt i dag", False),
        (["en"], "Danke!", False),
        (["en"], "https://www.bonjour-tout-le-monde.example/voici #nouvelle @offre", False),
    ],
)
def test_a_language_is_known_from_the_text_where_it_is_long_enough(only: list[str], text: str, other: bool) -> None:
    assert (found({"language": {"only": only}}, text) is not None) is other


def test_the_language_that_a_sender_names_counts() -> None:
    assert found({"language": {"only": ["pt"]}}, Draft("Bonjour tout le monde", language="pt-BR")) is None
    assert found({"language": {"only": ["pt"]}}, Draft("Olá", language="fr")) == "Olá"


BLOCK = """
id: no-pictures-without-text
severity: advise
detect: {any: [{missing: alt_text}, {first_contact_pitch: {words: [discount]}}]}
message: Say what the picture shows.
applies_to: {kinds: [reply], departments: [Sales]}
examples:
  match:
  - {text: Our new shop, media: [{kind: image}]}
  - A discount for you
  pass:
  - {text: Our new shop, media: [{kind: image, alt_text: true}]}
  - {text: A discount for you, first_contact: false}
  - {text: A discount for you, kind: post}
  - {text: A discount for you, department: Support}
"""


def test_examples_say_what_else_matters_of_a_text() -> None:
    made = Rule.from_yaml(BLOCK)

    assert failing_examples(made) == []
    assert Rule.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("detect", "example", "why"),
    [
        ({"missing": "alt_text"}, "Our shop", "stands beside it"),
        ({"first_contact_pitch": {"words": ["sale"]}}, {"text": "sale", "first_contact": False}, "no first contact"),
        ({"language": {"only": ["de"]}}, "Hello", "name it"),
        ({"words": ["sale"]}, {"text": "sale", "kind": "reply"}, "applies_to"),
        (
            {"embargo": {"words": ["Orion"], "until": "2026-12-01"}},
            {"text": "Orion", "now": "2026-12-01"},
            "finds nothing",
        ),
    ],
)
def test_a_failing_example_is_told_what_it_lacks(detect: object, example: object, why: str) -> None:
    one = rule(detect, applies_to={"kinds": ["post"]}, examples={"match": [example]})

    (failed,) = failing_examples(one)
    assert isinstance(failed, FailedExample)
    assert why in failed.why


def test_plain_characters_stand_for_themselves_when_folded() -> None:
    plain = re.compile(f"[{PLAIN}]")
    for char in map(chr, [*range(0xD800), *range(0xE000, 0x20000)]):
        if plain.match(char):
            assert (len(fold(char)), len(clean(char)), continues(char)) == (1, 1, False), hex(ord(char))
