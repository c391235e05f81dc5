"""Personal data: telephones, numbers of the state and addresses, found where they stand and nothing else."""

import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rules import RuleSet
from shared.rules.draft import Draft
from tests.shared.rules.making import found, place, rule

REGIONS = ["DE", "US", "GB", "FR", "JP", "BR", "IN", "NG"]
FORMATS = [
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.E164,
]
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@given(
    st.sampled_from(REGIONS),
    st.sampled_from(FORMATS),
    st.sampled_from(["Call ", "😀 ", "ﬁ: ", "اتصل ", "e\u0301 \u200b"]),
    st.sampled_from([".", " now", ", or not", "\n", " 😀"]),
    st.booleans(),
)
def test_a_telephone_number_is_found_as_it_is_dialled_in_its_region(
    region: str, form: int, before: str, after: str, arabic: bool
) -> None:
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert number is not None
    written = phonenumbers.format_number(number, form)
    written = written.translate(ARABIC) if arabic else written

    assert found({"pii": ["phone"], "regions": [region]}, before + written + after) == written


def test_without_regions_only_numbers_with_a_plus_are_telephone_numbers() -> None:
    assert found({"pii": ["phone"]}, "Call 030 901820") is None
    assert found({"pii": ["phone"]}, "Call +49 30 901820") == "+49 30 901820"


@pytest.mark.parametrize(
    "text",
    ["In 2026 we sold 1,234,567 units", "12.11.2026, 10:30", "v1.2.3", "https://x.example/4915123456789", "10/10!"],
)
def test_other_numbers_are_not_taken_for_personal_data(text: str) -> None:
    every = {"pii": ["phone", "card", "iban", "national_id", "email"], "regions": ["DE", "US", "GB", "NL"]}
    assert found(every, text) is None


@pytest.mark.parametrize(
    ("region", "number"),
    [
        ("BR", "390.533.447-05"),
        ("CH", "756.9217.0769.85"),
        ("DE", "36 574 261 809"),
        ("ES", "x-2482300W"),
        ("FI", "131052-308T"),
        ("FR", "2 95 10 99 126 111 93"),
        ("GB", "AB 12 34 56 C"),
        ("GB", "943 476 5870"),
        ("IN", "ACUPA7085R"),
        ("IT", "RCCMNL83S18D969H"),
        ("PL", "44051401359"),
        ("SE", "880320-0016"),
        ("US", "912 90 3456"),
    ],
)
def test_a_number_by_which_a_state_knows_a_person_is_found_in_its_region_only(region: str, number: str) -> None:
    text = f"😀 My number is {number}."

    assert found({"pii": ["national_id"], "regions": [region]}, text) == number
    assert found({"pii": ["national_id"], "regions": ["NO"]}, text) is None
    assert found({"pii": ["national_id"], "regions": [region]}, f"x{number}") is None


def test_a_spelt_out_address_is_found_by_strict_rules() -> None:
    text = "Write to ana.sa [at] mail (dot) example, or come at noon."

    assert found({"pii": ["email"]}, text) is None
    assert found({"pii": ["email"]}, text, evasion="strict") == "ana.sa [at] mail (dot) example"


def test_no_text_of_full_length_takes_long() -> None:
    regions = ["DE", "US", "GB", "NL", "ES", "FR", "IT", "SE", "PL", "BR"]
    every = rule({"pii": ["phone", "card", "iban", "national_id", "email"], "regions": regions}, evasion="strict")
    ruleset = RuleSet.compile(place(every))
    ruleset.run(Draft("+49 30 901820"))

    for piece in ("4111 ", "DE89 ", "1-", "a.", "a@a.", "+49 30 ", "9" * 19 + " ", "(030) 12", "a [at] "):
        begin = time.process_time()
        ruleset.run(Draft((piece * 10_000)[:10_000]))
        assert time.process_time() - begin < 2, piece
