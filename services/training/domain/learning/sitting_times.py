"""How long a sitting lasts."""

import math
from datetime import datetime, timedelta
from fractions import Fraction

from services.training.tables import Attempt

GRACE = timedelta(minutes=1)
"""How long after the deadline answers are taken that a lost connection held up."""


def give_time(row: Attempt, factor: float) -> None:
    """Let a sitting last as long as the quiz's limit and the person's factor say."""
    row.time_factor = factor
    if row.time_limit is None:
        return
    seconds = math.ceil(row.time_limit * 60 * Fraction(repr(factor)))
    row.deadline = row.started_at + timedelta(seconds=seconds)
    row.closes_at = row.deadline + GRACE


def is_over(row: Attempt, now: datetime) -> bool:
    """Tell whether the time for a sitting has run out, the grace included."""
    return row.closes_at is not None and row.closes_at <= now
