"""Credentials that open nothing, counted: who goes on guessing is told to wait.

Counted are only failures, by the address that they come from and by what they begin with. What is right is always let
in: somebody who guesses, from the same address or at the same key, locks nobody out.
"""

from services.gateway.limiter import Limiter
from shared.problems import Problem, TooManyRequests, Unauthorized

PREFIX = 10
"""Characters of a key that are shown beside its name; the others are its secret."""


class TooManyGuesses(TooManyRequests):
    """Too many credentials were wrong; go on later, or with right ones."""


class Guesses:
    """Counts refusals of one address and of one prefix."""

    def __init__(self, rate: str) -> None:
        self._by = (Limiter(rate, "refused-credentials"), Limiter(rate, "refused-credentials"))

    def refuse(self, problem: Unauthorized, address: str, secret: str) -> Problem:
        """Return what to answer in the place of a refusal: the same, with where its sender stands, or TooManyGuesses."""
        stands: dict[str, str] = {}
        # All tokens of a provider begin alike: they say nothing of which one is guessed at.
        known_by = (address, secret[:PREFIX] if secret.startswith("sl_") else None)
        for limiter, caller in zip(self._by, known_by, strict=True):
            if caller is None:
                continue
            try:
                counted = limiter.count(caller)
            except TooManyRequests as limit:
                return TooManyGuesses(limit.detail, retry_after=limit.retry_after, headers=limit.headers)
            stands = stands or {name.decode(): value.decode() for name, value in counted}
        problem.headers = {**problem.headers, **stands}
        return problem
