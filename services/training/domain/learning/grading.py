"""What an answer earns: exact shares of a question's points. Knows no sitting and no database."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from services.training.schemas.folding import fold
from services.training.schemas.quizzes import (
    ALL_POINTS,
    AcceptedNumber,
    AcceptedText,
    Choice,
    Matching,
    Numeric,
    Option,
    Ordering,
    Question,
    RuleBreak,
    ShortText,
)

NOTHING, ALL = Fraction(0), Fraction(1)
SIMPLEST = 20
"""The largest denominator of the shares that authors round to percents, such as 16.66667 for a sixth."""
ROUNDED = Fraction(1, 1_000_000)


class Response(NamedTuple):
    """An answer by the places that its parts have in the question as its author wrote it; empty when there is none."""

    options: frozenset[int] = frozenset()
    pairs: Mapping[int, int] = {}
    order: tuple[int, ...] = ()
    text: str | None = None
    number: float | None = None


def exact(percent: float) -> Fraction:
    """Return a percent as a share of 1: the simple fraction that it rounds, or just what its digits say."""
    share = Fraction(repr(percent)) / 100
    simple = share.limit_denominator(SIMPLEST)
    return simple if abs(simple - share) <= ROUNDED else share


def credit(question: Question, given: Response) -> Fraction:
    """Return the share of the points that an answer earns, from 0 to 1."""
    match question:
        case Choice() | RuleBreak():
            return credit_of_choice(question.options, question.partial, given.options)
        case Matching():
            right = [question.choices.index(pair.match) for pair in question.pairs]
            got = sum(given.pairs.get(place) == choice for place, choice in enumerate(right))
            return part(Fraction(got, len(right)), question.partial)
        case Ordering():
            return credit_of_order(len(question.entries), question.partial, given.order)
        case ShortText() | Numeric():
            return max((exact(one.credit) for one in met(question, given)), default=NOTHING)


def part(share: Fraction, partial: str) -> Fraction:
    """Return a share, or nothing when only all counts."""
    return share if partial != "none" or share == ALL else NOTHING


def credit_of_choice(options: Iterable[Option], partial: str, chosen: frozenset[int]) -> Fraction:
    """Return what the options chosen earn together; exactly the correct ones always earn all."""
    places = list(options)
    correct = {place for place, option in enumerate(places) if option.correct}
    if chosen == correct:
        return ALL
    if partial == "none":
        return NOTHING
    if partial == "proportional":
        share = Fraction(len(chosen & correct) - len(chosen - correct), len(correct))
    else:
        share = sum((exact(places[place].credit or 0) for place in chosen), NOTHING)
    return min(max(share, NOTHING), ALL)


def credit_of_order(size: int, partial: str, order: tuple[int, ...]) -> Fraction:
    """Return what an order earns: the share of neighbours of which the second belongs right after the first."""
    if len(order) != size:
        return NOTHING
    follow = sum(second == first + 1 for first, second in pairwise(order))
    return part(Fraction(follow, size - 1), partial)


def met(question: ShortText | Numeric, given: Response) -> list[AcceptedText] | list[AcceptedNumber]:
    """Return what is accepted and was given."""
    if isinstance(question, ShortText):
        said = fold(given.text or "", question.ignore)
        return [one for one in question.accepted if said and fold(one.text, question.ignore) == said]
    number = given.number
    return [one for one in question.accepted if number is not None and accepts(one, Fraction(repr(number)))]


def accepts(accepted: AcceptedNumber, number: Fraction) -> bool:
    """Tell whether a number is within what is accepted, by its digits: 3.3 is within 0.1 of 3.2."""
    if accepted.value is not None:
        return abs(number - Fraction(repr(accepted.value))) <= Fraction(repr(accepted.tolerance))
    return Fraction(repr(accepted.minimum)) <= number <= Fraction(repr(accepted.maximum))


def said_of_options(question: Question, given: Response) -> dict[int, str]:
    """Return what is said to whoever chose as they did, by the option's place."""
    options = question.options if isinstance(question, Choice | RuleBreak) else []
    feedback = {place: options[place].feedback for place in sorted(given.options) if place < len(options)}
    return {place: text for place, text in feedback.items() if text}


def said(question: Question, given: Response) -> list[str]:
    """Return all that is said of an answer but for its options: of the best that it met, then of the question."""
    found = met(question, given) if isinstance(question, ShortText | Numeric) else []
    best = max(found, key=lambda one: one.credit, default=None)
    texts = [best.feedback if best else None, question.feedback]
    return [text for text in texts if text]


def solution(question: Question) -> Response:
    """Return an answer that earns all points."""
    match question:
        case Choice() | RuleBreak():
            return Response(options=frozenset(place for place, one in enumerate(question.options) if one.correct))
        case Matching():
            return Response(
                pairs={place: question.choices.index(one.match) for place, one in enumerate(question.pairs)}
            )
        case Ordering():
            return Response(order=tuple(range(len(question.entries))))
        case ShortText():
            return Response(text=next(one.text for one in question.accepted if one.credit == ALL_POINTS))
        case Numeric():
            return Response(number=middle(next(one for one in question.accepted if one.credit == ALL_POINTS)))


def middle(accepted: AcceptedNumber) -> float:
    """Return a number that is accepted."""
    if accepted.value is not None:
        return accepted.value
    low, high = accepted.minimum or 0.0, accepted.maximum or 0.0
    between = low + (high - low) / 2
    return between if low <= between <= high else low
