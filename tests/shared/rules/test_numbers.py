"""Telephone numbers and numbers of states, compared with trying every stretch of a text on the libraries that prove them."""

from collections.abc import Iterator
from importlib import import_module

import phonenumbers
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.rules import national_ids, personal

# By region: the module that proves a number, its groups of digits, what may stand between them, and one that is valid.
WRITTEN = {
    "BR": ("br.cpf", (3, 3, 3, 2), (".", ".", "-"), "39053344705"),
    "CA": ("ca.sin", (3, 3, 3), (" -", " -"), "123456782"),
    "CH": ("ch.ssn", (3, 4, 4, 2), (".", ".", "."), "7569217076985"),
    "DE": ("de.idnr", (2, 3, 3, 3), (" ", " ", " "), "36574261809"),
    "IS": ("is_.kennitala", (6, 4), ("-",), "4504013150"),
    "NO": ("no.fodselsnummer", (6, 5), (" ",), "15108695088"),
    "PL": ("pl.pesel", (11,), (), "44051401359"),
    "TR": ("tr.tckimlik", (11,), (), "17291716060"),
    "ZA": ("za.idnr", (6, 4, 3), (" ", " "), "7503305044089"),
}


def written(digits: str, groups: tuple[int, ...], between: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Write a number with what may stand between its groups, and with what may not."""
    ends = [sum(groups[: at + 1]) for at in range(len(groups))]
    parts = [digits[end - size : end] for end, size in zip(ends, groups, strict=True)]
    gaps = st.tuples(*(st.sampled_from(["", *allowed, " ", "-", "/"]) for allowed in between))
    return gaps.map(lambda gaps: "".join(part + gap for part, gap in zip(parts, [*gaps, ""], strict=True)))


def one_digit_off(number: str, at: int, digit: int) -> str:
    at %= len(number)
    return number[:at] + str(digit) + number[at + 1 :]


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    region = draw(st.sampled_from(sorted(WRITTEN)))
    _, groups, between, valid = WRITTEN[region]
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        number = valid
        if draw(st.booleans()):
            number = one_digit_off(valid, draw(st.integers(0, 20)), draw(st.integers(0, 9)))
        pieces += [draw(written(number, groups, between)), draw(st.sampled_from([" ", ", ", "-", "x", "7", "é", "."]))]
    return region, draw(st.sampled_from(["", "no. ", "1", "ß", "-"])) + "".join(pieces)


def is_number(stretch: str, region: str) -> bool:
    """Read a stretch group by group, and have its digits proved."""
    module, groups, between, _ = WRITTEN[region]
    rest, digits = stretch, ""
    for size, allowed in zip(groups, [*between, ""], strict=True):
        group, rest = rest[:size], rest[size:]
        if len(group) < size or not (group.isascii() and group.isdigit()):
            return False
        digits += group
        if rest and rest[0] in allowed:
            rest = rest[1:]
    return not rest and bool(import_module(f"stdnum.{module}").is_valid(digits))


def apart(text: str) -> Iterator[tuple[int, int]]:
    """Pass every stretch that is no part of a longer word."""
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            around = text[start - 1 : start] + text[end : end + 1]
            if not any(char.isalnum() or char == "_" for char in around):
                yield start, end


@settings(max_examples=150, deadline=None)
@given(texts())
@example(("DE", "36 574261809-36 574 261 809"))
@example(("CH", "756.9217.0769.85.756.9217.0769.85"))
def test_numbers_of_states_are_those_among_all_stretches_of_a_text_that_are_proved(asked: tuple[str, str]) -> None:
    region, text = asked
    expected = {(start, end) for start, end in apart(text) if is_number(text[start:end], region)}
    assert set(national_ids.find(text, region)) == expected


def test_each_of_these_numbers_is_valid() -> None:
    assert all(list(national_ids.find(valid, region)) == [(0, len(valid))] for region, (*_, valid) in WRITTEN.items())


COUNTRIES = {"DE": "49", "US": "1", "GB": "44", "FR": "33", "JP": "81"}


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(COUNTRIES)),
    st.text("0123456789", min_size=5, max_size=13),
    st.sampled_from(["call ", "é ", "", "😀"]),
    st.sampled_from([" please", "", " é"]),
)
@example("DE", "30901820", "call ", "")
@example("US", "2025550143", "", " please")
def test_a_number_with_a_plus_is_found_if_and_only_if_it_is_valid(
    country: str, digits: str, before: str, after: str
) -> None:
    number = f"+{COUNTRIES[country]}{digits}"
    text = f"{before}{number}{after}"
    try:
        valid = phonenumbers.is_valid_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        valid = False
    found = list(personal.phones(text, None))
    assert found == ([(len(before), len(before) + len(number))] if valid else [])
