"""Combinations of four dimensions that nobody covers, or one person alone, without listing all of them."""

from collections.abc import Sequence
from functools import cache

Reach = tuple[str | None, str | None, str | None, str | None]
"""Department, region, network and language of a filled seat; None stands for all."""
Hole = tuple[tuple[str, ...] | None, ...]


def gaps(values: Sequence[Sequence[str]], reaches: Sequence[Reach]) -> list[Hole]:
    """Return the combinations of `values` that no reach covers, each once, merged where their holes are alike.

    Goes dimension by dimension; values for which the same seats remain have the same holes and are merged, None
    stands for all values of a dimension.
    """

    @cache
    def holes(at: int, left: frozenset[int]) -> tuple[Hole, ...]:
        if not left:
            return ((None,) * (len(values) - at),)
        if at == len(values):
            return ()
        alike: dict[tuple[Hole, ...], list[str]] = {}
        for value in values[at] or [""]:
            remaining = frozenset(seat for seat in left if reaches[seat][at] in {None, value})
            alike.setdefault(holes(at + 1, remaining), []).append(value)
        found: list[Hole] = []
        for rest, members in alike.items():
            part = None if len(members) == max(len(values[at]), 1) else tuple(members)
            found.extend((part, *hole) for hole in rest)
        return tuple(found)

    return list(holes(0, frozenset(range(len(reaches)))))


def sole_holders(values: Sequence[Sequence[str]], seats: Sequence[tuple[Reach, str]]) -> dict[str, int]:
    """Return how many combinations each person covers with nobody beside them, for those who do."""

    @cache
    def alone(at: int, left: frozenset[int]) -> dict[str, int]:
        holders = {seats[seat][1] for seat in left}
        if at == len(values) or not left:
            return dict.fromkeys(holders, 1) if len(holders) == 1 else {}
        counts: dict[str, int] = {}
        for value in values[at] or [""]:
            remaining = frozenset(seat for seat in left if seats[seat][0][at] in {None, value})
            for person, count in alone(at + 1, remaining).items():
                counts[person] = counts.get(person, 0) + count
        return counts

    return alone(0, frozenset(range(len(seats))))
