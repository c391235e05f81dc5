"""What a page marks in a draft, and what a click puts in."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.portal.drafts import WORST, marks_of, use

TEXT = "Hello there. You are wrong! Bye, and thank you."
SPANS = st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.sampled_from(WORST))


def reason(start: int, end: int, severity: str = "hold", suggestion: str | None = None) -> dict[str, Any]:
    """Return a reason as a check gives it."""
    return {"rule": "r", "severity": severity, "span": {"start": start, "end": end}, "suggestion": suggestion}


@settings(max_examples=50, deadline=None)
@given(st.lists(SPANS, max_size=6))
def test_each_character_is_marked_once_by_the_worst_that_covers_it(spans: list[tuple[int, int, str]]) -> None:
    marks = marks_of(TEXT, [reason(start, end, severity) for start, end, severity in spans])
    marked = [next((kind for start, end, kind in marks if start <= place < end), None) for place in range(len(TEXT))]
    over = [[WORST.index(kind) for start, end, kind in spans if start <= place < end] for place in range(len(TEXT))]
    assert marked == [WORST[max(found)] if found else None for found in over]
    assert [(start, end) for start, end, _ in marks] == sorted({(start, end) for start, end, _ in marks})


def test_words_in_quotation_marks_take_the_place_of_the_sentence_they_are_about() -> None:
    found = {"reasons": [reason(21, 26, suggestion='"Let us look."')], "disclosure": "#WeWork"}
    assert use(TEXT, found, "r") == "Hello there. Let us look. Bye, and thank you."
    assert use("Hello \n", found, "disclosure") == "Hello #WeWork"


def test_advice_in_other_words_is_put_nowhere() -> None:
    found = {"reasons": [reason(0, 5, suggestion='Say "hello" kindly.')], "disclosure": None}
    assert [use(TEXT, found, chosen) for chosen in ("r", "disclosure", "unknown")] == [TEXT] * 3
