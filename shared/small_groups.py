"""Which groups of people are too small to be shown by themselves, so that nothing that is shown tells of a few.

It is not enough to leave small groups out: a total less the groups that are shown would be those left out. So small
groups are merged until together they are large enough, and whoever reaches only some groups gets figures of whole
groups only, the same ones that everybody gets. All that is ever shown of one question is then made of blocks of enough
people each, and no sum or difference of answers is about fewer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

Node = tuple[int, str | None]
"""A group of the first question or the second; None: those that are merged."""


def too_small(sizes: Mapping[str, int], minimum: int) -> set[str]:
    """Return which groups, given with their numbers of people, are shown only as one.

    The smallest are merged until together they are at least `minimum` people: otherwise the total less the figures that
    are shown would be those of a few. Where all together are fewer, all are merged, and not even that may be shown.
    """
    merged: set[str] = set()
    together = 0
    for people, name in sorted((people, name) for name, people in sizes.items()):
        if people >= minimum and (not merged or together >= minimum):
            break
        merged.add(name)
        together += people
    return merged


@dataclass(frozen=True, slots=True)
class Shown:
    """The groups of which figures are shown: each of these alone, and those `together` as one."""

    alone: frozenset[str]
    together: frozenset[str]

    @property
    def groups(self) -> frozenset[str]:
        """All groups that count at all, in totals and in figures by something else, too."""
        return self.alone | self.together


def shown(sizes: Mapping[str, int], minimum: int, reached: Collection[str] | None = None) -> Shown:
    """Return of which groups somebody who may see those `reached` (None: all) gets figures.

    `sizes` are those of all groups, whoever asks: what is merged for one reader is merged for all, or two readers would
    learn together what neither may know. A merged group of which a reader does not reach every part is not counted.
    """
    small = too_small(sizes, minimum)
    together = frozenset(small if sum(sizes[name] for name in small) >= minimum else ())
    alone = frozenset(sizes.keys() - small)
    if reached is None:
        return Shown(alone, together)
    mine = frozenset(reached)
    return Shown(alone & mine, together if together <= mine else frozenset())


def too_small_across(people: Mapping[tuple[str, str], int], minimum: int) -> tuple[set[str], set[str]]:
    """Return which groups are shown only as one where the same people are counted by two questions, as by department and by region.

    `people` says how many are in each pair of groups. Sums and differences of both answers leave some pairs over: those
    on a cut of the graph whose nodes are the groups and whose edges are the pairs. So groups are merged, the smallest
    first, until no part of the graph can be cut off by taking away pairs with fewer than `minimum` people together.
    """
    sizes = margin(people, 0), margin(people, 1)
    merged = too_small(sizes[0], minimum), too_small(sizes[1], minimum)
    while (cut := weak_cut(people, merged, minimum)) is not None:
        at = min((sizes[at][name], at, name) for at, name in cut if name is not None)[1]
        left = sorted(sizes[at].keys() - merged[at], key=lambda name: (sizes[at][name], name))
        merged[at].update(left[: 1 if merged[at] else 2])
    return merged


def margin(people: Mapping[tuple[str, str], int], at: int) -> dict[str, int]:
    """Return how many people are in the groups of one of two questions."""
    sizes: Counter[str] = Counter()
    for pair, number in people.items():
        sizes[pair[at]] += number
    return dict(sizes)


def weak_cut(
    people: Mapping[tuple[str, str], int], merged: tuple[set[str], set[str]], minimum: int
) -> set[Node] | None:
    """Return the groups of a part of the graph that has a cut of too few people, or None where there is none."""
    edges: dict[Node, Counter[Node]] = defaultdict(Counter)
    for pair, number in people.items():
        left, right = ((at, None if pair[at] in merged[at] else pair[at]) for at in (0, 1))
        if number:
            edges[left][right] += number
            edges[right][left] += number
    waiting = set(edges)
    while waiting:
        part = connected(edges, next(iter(waiting)))
        waiting -= part
        if len(part) > 2 and smallest_cut({node: Counter(edges[node]) for node in part}) < minimum:
            return part
    return None


def connected(edges: Mapping[Node, Counter[Node]], start: Node) -> set[Node]:
    """Return all nodes that can be reached from one."""
    found, waiting = {start}, [start]
    while waiting:
        new = edges[waiting.pop()].keys() - found
        found |= new
        waiting += new
    return found


def smallest_cut(edges: dict[Node, Counter[Node]]) -> float:
    """Return the weight of the smallest cut of a connected graph; takes the graph to pieces.

    Stoer and Wagner, A Simple Min-Cut Algorithm, 1997. One node has no cut: infinite.
    """
    best = float("inf")
    while len(edges) > 1:
        order = []
        weights = dict.fromkeys(edges, 0)
        while weights:
            node = max(weights, key=lambda each: weights[each])
            order.append(node)
            best_of_phase = weights.pop(node)
            for other, people in edges[node].items():
                if other in weights:
                    weights[other] += people
        best = min(best, best_of_phase)
        fold(edges, order[-2], order[-1])
    return best


def fold(edges: dict[Node, Counter[Node]], kept: Node, gone: Node) -> None:
    """Make two nodes of a graph one."""
    for other, people in edges.pop(gone).items():
        del edges[other][gone]
        if other != kept:
            edges[kept][other] += people
            edges[other][kept] += people
