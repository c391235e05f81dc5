"""How what somebody did counts less as time passes; plain arithmetic, for the router's rows and for simulations."""

import math
from collections.abc import Iterable

HALF_LIFE_HOURS = 7 * 24.0
"""After a week, what somebody handled and how long they were online counts half."""


def kept(hours: float) -> float:
    """Return what is left of something so many hours old."""
    fraction: float = 0.5 ** (hours / HALF_LIFE_HOURS)
    return fraction


def gained(stretches: Iterable[tuple[float, float]]) -> float:
    """Return what stretches of time count for now, each given as how many hours ago it began and ended.

    Somebody who is present for t hours gains half_life / ln 2 * (1 - 2^(-t / half_life)).
    """
    return sum((kept(end) - kept(begin) for begin, end in stretches), start=0.0) * HALF_LIFE_HOURS / math.log(2)
