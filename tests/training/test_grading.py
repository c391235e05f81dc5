"""What an answer earns and what a sitting draws, against slow and simple oracles."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.training.domain.learning.drawing import Candidate, belongs, fill, pick
from services.training.domain.learning.grading import Response, credit, exact, solution
from services.training.schemas.quizzes import Draw, Question, Quiz

QUESTION: TypeAdapter[Question] = TypeAdapter(Question)
NO_KEY = {"key": "q", "text": "?"}

shares = st.fractions(min_value=0, max_value=1, max_denominator=20)
percents = st.sampled_from([100, 50, 33.33333, 66.66667, 25, 20, 16.66667, 83.33333, 12.5, 14.28571, 11.11111, 5, 0.1])


def question(**parts: Any) -> Question:
    return QUESTION.validate_python({**NO_KEY, **parts})


@st.composite
def choices(draw: st.DrawFn) -> tuple[Question, frozenset[int]]:
    """A question with options, and some of them chosen."""
    kind = draw(st.sampled_from(["single", "multiple"]))
    partial = draw(st.sampled_from(["none", "proportional", "weighted"]))
    size = draw(st.integers(2, 6))
    right = 1 if kind == "single" else draw(st.integers(1, size))
    options: list[dict[str, Any]] = [{"text": str(place), "correct": place < right} for place in range(size)]
    if partial == "weighted":
        for place, option in enumerate(options):
            option["credit"] = 100 / right if place < right else -draw(percents)
    chosen = draw(st.sets(st.integers(0, size - 1), max_size=1 if kind == "single" else size))
    order = draw(st.permutations(range(size)))
    mixed = [options[place] for place in order]
    return question(kind=kind, partial=partial, options=mixed), frozenset(chosen)


@given(choices())
@settings(max_examples=150, deadline=None)
def test_options_earn_what_a_count_one_by_one_says(case: tuple[Question, frozenset[int]]) -> None:
    asked, chosen = case
    assert asked.kind in {"single", "multiple"}
    earned, all_right = Fraction(0), True
    options = asked.options
    right = sum(1 for option in options if option.correct)
    for place, option in enumerate(options):
        all_right &= option.correct == (place in chosen)
        if place not in chosen:
            continue
        if asked.partial == "weighted":
            earned += exact(option.credit or 0)
        else:
            earned += Fraction(1, right) if option.correct else -Fraction(1, right)
    if all_right:
        expected = Fraction(1)
    elif asked.partial == "none":
        expected = Fraction(0)
    else:
        expected = max(min(earned, Fraction(1)), Fraction(0))
    assert credit(asked, Response(options=chosen)) == expected


@given(shares, st.integers(4, 7))
def test_a_percent_rounded_to_some_digits_stands_for_the_simple_share_that_it_rounds(
    share: Fraction, digits: int
) -> None:
    written = round(Decimal(share.numerator * 100) / Decimal(share.denominator), digits)
    assert exact(float(written)) == share


def test_a_percent_that_rounds_nothing_simple_is_taken_as_it_is_written() -> None:
    assert exact(0.1) == Fraction(1, 1000)
    assert exact(37.3) == Fraction(373, 1000)


@given(st.data(), st.integers(2, 6), st.sampled_from(["none", "proportional"]))
@settings(max_examples=60, deadline=None)
def test_pairs_and_orders_earn_the_share_got_right(data: st.DataObject, size: int, partial: str) -> None:
    matches = data.draw(st.lists(st.sampled_from("abcd"), min_size=size, max_size=size))
    pairs = [{"prompt": str(place), "match": match} for place, match in enumerate(matches)]
    matching = question(kind="matching", pairs=pairs, distractors=["x", "y"], partial=partial)
    texts = [*dict.fromkeys(matches), "x", "y"]
    answers = data.draw(st.dictionaries(st.integers(0, size - 1), st.sampled_from(texts)))
    got = [answers.get(place) == match for place, match in enumerate(matches)]
    share = Fraction(got.count(True), size)
    expected = share if partial == "proportional" or all(got) else 0
    assert credit(matching, Response(pairs={place: texts.index(text) for place, text in answers.items()})) == expected

    entries = [f"step {place}" for place in range(size)]
    ordering = question(kind="ordering", entries=entries, partial=partial)
    order = data.draw(st.permutations(range(size)))
    told = [entries[place] for place in order]
    follow = sum(f"{first}, {second}" in ", ".join(entries) for first, second in pairwise(told))
    share = Fraction(follow, size - 1)
    expected = share if partial == "proportional" or share == 1 else 0
    assert credit(ordering, Response(order=tuple(order))) == expected


@pytest.mark.parametrize(
    ("ignore", "written", "earned"),
    [
        (["case", "space"], "  hello   WORLD ", 1),
        (["case", "space"], "ｈｅｌｌｏ world", 1),
        (["case", "space"], "hello wörld", 0),
        (["case", "space", "accents"], "héllo Wörld", 1),
        (["accents"], "Hello world", 0),
        ([], "hello world", 1),
        ([], "hello  world", 0),
        (["case", "space"], "hello", Fraction(1, 3)),
        (["case"], "", 0),
    ],
)
def test_words_are_compared_without_what_the_author_says_does_not_matter(
    ignore: list[str], written: str, earned: Fraction
) -> None:
    accepted = [{"text": "hello world"}, {"text": "hello", "credit": 33.33333}]
    asked = question(kind="short_text", accepted=accepted, ignore=ignore)
    assert credit(asked, Response(text=written)) == earned


@given(st.integers(-9999, 9999), st.integers(0, 9999), st.integers(-30000, 30000), st.integers(0, 3))
def test_numbers_are_compared_by_their_digits(value: int, tolerance: int, answer: int, digits: int) -> None:
    scale = 10**digits
    accepted = [{"value": value / scale, "tolerance": tolerance / scale}]
    asked = question(kind="numeric", accepted=accepted)
    assert credit(asked, Response(number=answer / scale)) == (abs(answer - value) <= tolerance)
    ends = sorted([value, tolerance])
    within = [{"minimum": ends[0] / scale, "maximum": ends[1] / scale}]
    assert credit(question(kind="numeric", accepted=within), Response(number=answer / scale)) == (
        ends[0] <= answer <= ends[1]
    )


QUESTIONS = [
    {"kind": "single", "options": [{"text": "a"}, {"text": "b", "correct": True}]},
    {
        "kind": "multiple",
        "partial": "weighted",
        "options": [{"text": one, "correct": True, "credit": 33.33333} for one in "abc"]
        + [{"text": "d", "credit": -5}],
    },
    {"kind": "matching", "pairs": [{"prompt": "1", "match": "a"}, {"prompt": "2", "match": "b"}]},
    {"kind": "ordering", "entries": ["a", "b", "c"]},
    {"kind": "short_text", "accepted": [{"text": "part", "credit": 10}, {"text": "Whole"}]},
    {"kind": "numeric", "accepted": [{"minimum": -0.3, "maximum": 0.1}]},
]


@pytest.mark.parametrize("parts", QUESTIONS, ids=lambda parts: str(parts["kind"]))
def test_the_solution_earns_all_and_no_answer_nothing(parts: dict[str, Any]) -> None:
    asked = question(**parts)
    assert credit(asked, solution(asked)) == 1
    assert credit(asked, Response()) == 0


@pytest.mark.parametrize(
    "parts",
    [
        {
            "kind": "multiple",
            "partial": "weighted",
            "options": [{"text": "a", "correct": True, "credit": 90}, {"text": "b"}],
        },
        {"kind": "single", "options": [{"text": "a", "correct": True, "credit": 100}, {"text": "b"}]},
        {"kind": "matching", "pairs": [{"prompt": "1", "match": "a"}, {"prompt": "1", "match": "b"}]},
        {"kind": "matching", "pairs": [{"prompt": "1", "match": "a"}, {"prompt": "2", "match": "a"}]},
        {"kind": "matching", "pairs": [{"prompt": p, "match": p} for p in "ab"], "distractors": ["a"]},
        {"kind": "ordering", "entries": ["a", "a"]},
        {"kind": "short_text", "accepted": [{"text": "a", "credit": 50}]},
        {"kind": "short_text", "accepted": [{"text": "  "}]},
        {"kind": "numeric", "accepted": [{"value": 1, "minimum": 0}]},
        {"kind": "numeric", "accepted": [{"minimum": 2, "maximum": 1}]},
    ],
)
def test_a_question_that_nobody_could_answer_right_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        question(**parts)


@given(
    st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 2))), st.lists(st.integers(0, 3), min_size=3, max_size=3)
)
@settings(max_examples=100, deadline=None)
def test_places_are_filled_as_far_as_possible_and_by_those_who_come_first(
    fits: dict[int, set[int]], room: list[int]
) -> None:
    placed = fill({one: sorted(places) for one, places in fits.items()}, room)

    assert all(place in fits[one] for one, place in placed.items())
    taken = Counter(placed.values())
    assert all(taken[place] <= room[place] for place in range(3))
    came = list(fits)
    best = max(
        (group for size in range(len(came) + 1) for group in combinations(came, size) if together(group, fits, room)),
        key=lambda group: (len(group), [-came.index(one) for one in group]),
    )
    assert set(placed) == set(best)


def together(group: tuple[int, ...], fits: dict[int, set[int]], room: list[int]) -> bool:
    """Tell, by trying all ways, whether all of a group can have a place at once."""
    return any(
        all(count <= room[place] for place, count in Counter(way).items())
        for way in product(*(fits[one] for one in group))
    )


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from(["easy", "hard"])), min_size=1, max_size=15),
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, "easy", "hard"]), st.integers(1, 3)),
        min_size=1,
        max_size=3,
    ),
)
@settings(max_examples=50, deadline=None)
def test_no_question_comes_again_before_all_that_fit_have_come(
    bank: list[tuple[set[str], str]], draws: list[tuple[str, str | None, int]]
) -> None:
    candidates = [Candidate(f"q{n}", 1, frozenset(tags), level) for n, (tags, level) in enumerate(bank)]
    asked = [Draw(tag=tag, difficulty=level, count=count) for tag, level, count in draws]
    quiz = Quiz(kind="quiz", key="q", title="Q", pass_mark=1, draws=asked)
    seen: Counter[str] = Counter()
    for _ in range(4):
        before = Counter(seen)
        drawn = pick(quiz, candidates, seen)
        assert len({one.key for one in drawn}) == len(drawn), "no question twice in a sitting"
        for one in drawn:
            fresh = [
                other
                for other in candidates
                if other not in drawn
                and before[other.key] < before[one.key]
                and {place for place, draw in enumerate(asked) if belongs(one, draw)}
                <= {place for place, draw in enumerate(asked) if belongs(other, draw)}
            ]
            assert not fresh, f"{one.key} came again, though {fresh} could have come"
        seen.update(one.key for one in drawn)
