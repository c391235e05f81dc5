"""How many requests one key, person or address may make in a while; counted in this process's memory."""

import math
import time

from limits import parse
from limits.storage import MemoryStorage

from shared.problems import TooManyRequests

Headers = list[tuple[bytes, bytes]]


class Limiter:
    """A fixed window for each caller; tells callers where they stand (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, rate: str, name: str = "default") -> None:
        self._rate = parse(rate)
        self._storage = MemoryStorage()
        self._expiry = self._rate.get_expiry()
        self._name = name
        self._policy = (b"ratelimit-policy", f'"{name}";q={self._rate.amount};w={self._expiry}'.encode())

    def count(self, caller: str) -> Headers:
        """Count a request and return the headers for its answer; raises TooManyRequests beyond the limit."""
        key = self._rate.key_for(caller)
        made = self._storage.incr(key, self._expiry)
        reset = max(0, math.ceil(self._storage.get_expiry(key) - time.time()))
        if made > self._rate.amount:
            raise TooManyRequests(f"More than {self._rate}; go on in {reset} s.", retry_after=max(1, reset))
        return [self._policy, (b"ratelimit", f'"{self._name}";r={self._rate.amount - made};t={reset}'.encode())]
