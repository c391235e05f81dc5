"""Somebody who adds and subtracts all answers that they and others get learns nothing of a group below the minimum.

The attacker knows which answer counts whom, and solves linear equations: an answer is a sum over the smallest groups
that anybody could tell apart, so what can be learnt of some of them alone is what all answers span there.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.small_groups import margin, shown, too_small, too_small_across

MINIMUM = 8
PRIME = 2_147_483_647
Row = Sequence[int]

sizes = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 30), min_size=1)
keys = st.lists(st.none() | st.frozensets(st.sampled_from("ABCDEF")), min_size=1, max_size=5)
pairs = st.dictionaries(st.tuples(st.sampled_from("ABC"), st.sampled_from("XYZ")), st.integers(0, 30), min_size=1)


def rank(rows: Iterable[Row]) -> int:
    """Return the rank of a matrix (modulo a large prime)."""
    left = [list(row) for row in rows]
    found = 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left if row[column] % PRIME), None)
        if pivot is None:
            continue
        left.remove(pivot)
        found += 1
        inverse = pow(pivot[column], -1, PRIME)
        left = [[(a - row[column] * inverse * b) % PRIME for a, b in zip(row, pivot, strict=True)] for row in left]
    return found


def learnt_of_few(answers: Sequence[Row], people: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the sets of too few people of which some combination of the answers speaks, and of nobody else."""
    everything = rank(answers)
    found = []
    for number in range(1, len(people) + 1):
        for few in combinations(range(len(people)), number):
            if 0 < sum(people[each] for each in few) < MINIMUM:
                others = [[cell for at, cell in enumerate(row) if at not in few] for row in answers]
                if rank(others) < everything and tells_of_somebody(answers, people, few):
                    found.append(few)
    return found


def tells_of_somebody(answers: Sequence[Row], people: Sequence[int], few: tuple[int, ...]) -> bool:
    """Tell whether what is learnt is about people, and not only about groups that nobody is in."""
    there = [each for each in few if people[each]]
    filled = [[row[at] for at in range(len(people)) if people[at]] for row in answers]
    others = [[row[at] for at in range(len(people)) if people[at] and at not in there] for row in answers]
    return rank(others) < rank(filled)


def answers_to(names: Sequence[str], alone: Iterable[str], together: Iterable[str], total: Iterable[str]) -> list[Row]:
    """Return what one reader gets: each group, those that are merged, and a total by something else."""
    groups = [{name} for name in alone] + [set(together), set(total)]
    return [[int(name in group) for name in names] for group in groups if group]


def test_the_attacker_of_these_tests_finds_a_group_that_was_merely_left_out() -> None:
    assert learnt_of_few([[1, 0, 0], [0, 1, 0], [1, 1, 1]], [20, 9, 3]) == [(2,)]
    assert learnt_of_few([[1, 0, 0], [0, 1, 1], [1, 1, 1]], [20, 9, 3]) == []


@settings(max_examples=60)
@given(sizes, keys)
@example({"A": 3, "B": 20}, [None, frozenset("B"), frozenset("A")])
@example({"A": 3, "B": 6, "C": 20}, [frozenset("AC"), frozenset("BC"), None])
def test_no_reader_and_no_readers_together_learn_of_too_few(
    people: dict[str, int], readers: list[frozenset[str] | None]
) -> None:
    names = sorted(people)
    answers: list[Row] = []
    for reached in readers:
        seen = shown(people, MINIMUM, reached)
        assert reached is None or seen.groups <= reached
        answers += answers_to(names, seen.alone, seen.together, seen.groups)
    assert learnt_of_few(answers, [people[name] for name in names]) == []


@settings(max_examples=60)
@given(pairs)
@example({("A", "X"): 27, ("A", "Y"): 3, ("B", "Y"): 17})
@example({("A", "X"): 10, ("A", "Y"): 10, ("B", "X"): 10, ("B", "Y"): 3})
def test_two_ways_to_count_the_same_people_do_not_tell_of_too_few_either(people: dict[tuple[str, str], int]) -> None:
    cells = sorted(people)
    if sum(people.values()) < MINIMUM:
        return
    answers: list[Row] = [[1] * len(cells)]
    for at, merged in enumerate(too_small_across(people, MINIMUM)):
        groups = [{name} for name in margin(people, at) if name not in merged] + [merged]
        answers += [[int(cell[at] in group) for cell in cells] for group in groups if group]
    assert learnt_of_few(answers, [people[cell] for cell in cells]) == []


def test_no_more_is_merged_than_must_be() -> None:
    assert too_small({"A": 3, "B": 6, "C": 20}, MINIMUM) == {"A", "B"}
    assert too_small({"A": 3, "B": 9, "C": 20}, MINIMUM) == {"A", "B"}
    assert too_small({"A": 8, "B": 9}, MINIMUM) == set()
    assert too_small_across({("A", "X"): 10, ("B", "Y"): 10, ("C", "Y"): 9}, MINIMUM) == (set(), set())
    assert too_small_across({("A", "X"): 27, ("A", "Y"): 3, ("B", "Y"): 17}, MINIMUM)[0] == {"A", "B"}
    assert shown({"A": 3, "B": 6, "C": 20}, MINIMUM, {"A", "C"}).groups == {"C"}
    assert shown({"A": 3}, MINIMUM).groups == set()
