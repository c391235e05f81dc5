"""With `evasion: strict` a word is found however it is disguised, and nothing else is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared.rules.making import found

DISGUISES = {
    "a": "aA4@аαäＡ",
    "b": "bB8",
    "e": "eE3€еéε",
    "g": "gG9",
    "i": "iI1!|іí",
    "l": "lL1|",
    "n": "nN\u0144",
    "o": "oO0оοö",
    "r": "rRг",
    "s": "sS5$ѕ",
    "t": "tT7+т",
    "u": "uUυü",
}


@st.composite
def disguised(draw: st.DrawFn, word: str) -> str:
    """Write the word as somebody would who does not want it to be found."""
    gap = draw(st.sampled_from(["", " ", ".", "-", "*", "\u200b", "_", "  "]))
    letters = []
    for letter in word:
        signs = st.sampled_from(DISGUISES.get(letter, letter))
        letters.append("".join(draw(st.lists(signs, min_size=1, max_size=3))))
    return gap.join(letters)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["guarantee", "bitcoin", "miracle", "bill", "free loans", "best"]))
def test_a_disguised_word_is_found_where_it_stands(data: st.DataObject, word: str) -> None:
    hidden = " ".join(data.draw(disguised(part)) for part in word.split())

    assert found({"words": [word]}, f"Get {hidden}, now", evasion="strict") == hidden


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("bill", "the new bil is in"),
        ("guaranteed", "unguaranteed"),
        ("guaranteed", "guarantee d'or"),
        ("coin", "co in"),
        ("guaranteed", "guarante ed"),
        ("ass", "a class act"),
        ("too", "to be"),
    ],
)
def test_other_words_are_not_taken_for_a_disguise(word: str, text: str) -> None:
    assert found({"words": [word]}, text, evasion="strict") is None


def test_without_strict_a_disguise_is_not_looked_behind() -> None:
    assert found({"words": ["guaranteed"]}, "gu4ranteed") is None


def test_what_excuses_a_text_must_stand_there_in_plain_sight() -> None:
    detect = {"all": [{"words": ["offer"]}, {"not": {"words": ["advert"]}}]}

    assert found(detect, "0ffer 4dv3rt", evasion="strict") == "0ffer"
    assert found(detect, "0ffer advert", evasion="strict") is None
    tagged = {"disclosure": {"of": ["Acme"], "tags": ["#AcmeTeam"]}}
    assert found(tagged, "4cme! #4cmeTeam", evasion="strict") == "4cme"
