"""What is written of each question: as far as a format goes, and in words what it cannot say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.training.schemas.quizzes import AcceptedNumber, Choice

ALL = 100.0


@dataclass(frozen=True, slots=True)
class Written:
    """A file of questions; `changed` are the keys of those of which other systems read less, `left_out` of those not in it."""

    content: str
    count: int
    changed: Sequence[str] = ()
    left_out: Sequence[str] = ()


def weights(question: Choice) -> Iterable[float]:
    """Return what choosing each option earns in percent, as others would grade it.

    All or nothing, which they do not have, is told by equal shares, of which a wrong option takes all.
    """
    right = sum(option.correct for option in question.options)
    for option in question.options:
        if question.partial == "weighted":
            yield option.credit or 0.0
        elif option.correct:
            yield ALL / right
        elif question.kind != "multiple":
            yield 0.0
        else:
            yield -ALL / right if question.partial == "proportional" else -ALL


def percent(weight: float) -> str:
    """Write a weight as Moodle rounds it: 33.33333."""
    return plain(round(weight, 5)).removesuffix(".0")


def plain(number: float) -> str:
    """Write a number without an exponent."""
    return format(Decimal(repr(number)), "f")


def span(number: AcceptedNumber) -> tuple[float, float]:
    """Return a value and how far from it is accepted, also for a range."""
    if number.value is not None:
        return number.value, number.tolerance
    low, high = number.minimum or 0.0, number.maximum or 0.0
    return (low + high) / 2, (high - low) / 2
