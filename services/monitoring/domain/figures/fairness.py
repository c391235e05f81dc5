"""How even something is shared, and what most of something does not exceed; plain arithmetic."""

import math
from collections.abc import Sequence


def jain(rates: Sequence[float]) -> float | None:
    """Jain's fairness index: (sum x)^2 / (n sum x^2), from 1/n to 1 (Jain, Chiu, Hawe 1984)."""
    largest = max(rates, default=0.0)
    if not largest:
        return None
    # Shares of the largest: the square of a very small rate has no digits left.
    shares = [rate / largest for rate in rates]
    return round(sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares)), 4)


def gini(rates: Sequence[float]) -> float | None:
    """The Gini coefficient: 0 where all carry the same, towards 1 where one carries all."""
    total = sum(rates)
    if not total:
        return None
    number = len(rates)
    weighted = sum(place * rate for place, rate in enumerate(sorted(rates), start=1))
    return round(2 * weighted / (number * total) - (number + 1) / number, 4)


def percentile(ordered: Sequence[float], part: float) -> float | None:
    """Return the nearest-rank percentile of ordered values."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(part * len(ordered)) - 1)], 3)
