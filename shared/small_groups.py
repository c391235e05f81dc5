"""Which groups of people are too small to be shown by themselves."""

from collections.abc import Mapping


def too_small(sizes: Mapping[str, int], minimum: int) -> set[str]:
    """Return which groups, given with their numbers of people, are shown only as one.

    The smallest are merged until together they are at least `minimum` people: otherwise the total less the figures that
    are shown would be those of a few.
    """
    merged: set[str] = set()
    together = 0
    for people, name in sorted((people, name) for name, people in sizes.items()):
        if people >= minimum and (not merged or together >= minimum):
            break
        merged.add(name)
        together += people
    return merged
