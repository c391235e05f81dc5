"""When a delivery is tried again, and how long an endpoint may fail."""

import secrets
from datetime import datetime, timedelta

RETRIES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 20)))
)
"""After each failure, until the next try: together 72 hours."""
JITTER = 0.1
"""Endpoints that failed together do not come back together."""
PAUSED_AFTER = timedelta(days=5)
"""An endpoint with nothing but failures for so long is paused."""
LONGEST_ASKED = timedelta(days=1)
"""What an endpoint may ask for by Retry-After at most."""
DOWN_AFTER = 5
"""Failures in a row after which an endpoint is asked with one event at a time, and the others stay in the log."""
PROBES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300))
"""Between two such tries; the last goes on."""


def next_try(tries: int, now: datetime, asked: timedelta | None = None) -> datetime | None:
    """Return when to try again after `tries` failures, or None when that was the last."""
    if tries > len(RETRIES):
        return None
    wait = RETRIES[tries - 1] * (1 + JITTER * (secrets.randbelow(2001) / 1000 - 1))
    return now + max(wait, min(asked, LONGEST_ASKED) if asked is not None else wait)


def probe_after(failures: int) -> timedelta:
    """Return how long an endpoint that is down is left alone after its n-th failure in a row."""
    return PROBES[min(max(failures - DOWN_AFTER, 0), len(PROBES) - 1)]
