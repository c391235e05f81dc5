"""How many requests one key, person or address may make in a while; counted in this process's memory.

Counted by hand: the memory storage of the `limits` package starts a thread every 10 ms, which costs a hot read a fifth
of its speed. The notation of the setting is that package's.
"""

import math
import time

from limits import parse

from shared.problems import TooManyRequests

Headers = list[tuple[bytes, bytes]]
CALLERS = 100_000
"""Windows kept; beyond them the oldest is forgotten, and its caller begins anew."""


class Limiter:
    """A fixed window for each caller; tells callers where they stand (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, rate: str, name: str = "default") -> None:
        self._rate = parse(rate)
        self._amount = self._rate.amount
        self._seconds = self._rate.get_expiry()
        self._windows: dict[str, list[float]] = {}
        self._label = f'"{name}";r='.encode()
        self._policy = (b"ratelimit-policy", f'"{name}";q={self._amount};w={self._seconds}'.encode())

    def count(self, caller: str) -> Headers:
        """Count a request and return the headers for its answer; raises TooManyRequests beyond the limit, with its own."""
        now = time.monotonic()
        window = self._windows.get(caller)
        if window is None or window[0] <= now:
            window = self._open(caller, now)
        window[1] += 1
        reset = math.ceil(window[0] - now)
        if window[1] > self._amount:
            exhausted = {name.decode(): value.decode() for name, value in self._stand(0, reset)}
            raise TooManyRequests(f"More than {self._rate}; go on in {reset} s.", retry_after=reset, headers=exhausted)
        return self._stand(self._amount - window[1], reset)

    def has_room(self, caller: str) -> bool:
        """Say whether one more request is within the limit."""
        window = self._windows.get(caller)
        return window is None or window[1] < self._amount or window[0] <= time.monotonic()

    def _stand(self, left: float, reset: int) -> Headers:
        """Return the headers that say how much is left, and until when."""
        return [self._policy, (b"ratelimit", b"%b%d;t=%d" % (self._label, left, reset))]

    def _open(self, caller: str, now: float) -> list[float]:
        # All last as long, so those opened first, which a dictionary has in front, end first.
        self._windows.pop(caller, None)
        while len(self._windows) >= CALLERS:
            del self._windows[next(iter(self._windows))]
        window = self._windows[caller] = [now + self._seconds, 0]
        return window
