"""How two texts differ, word by word (E. W. Myers, "An O(ND) difference algorithm and its variations", 1986)."""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

import nh3

from services.policy.schemas.diffs import WordChange

STEPS = 2_000_000
"""What all comparisons of one answer may cost; beyond it, a text counts as rewritten. About two seconds."""
WORD = re.compile(
    r"(\s*)([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+(?:['’.,:@/-]\w+)*|[^\w\s])", re.DOTALL
)
"""A word with the space before it; scripts that put no space between words are compared sign by sign."""
MARKS = {"added": "ins", "removed": "del"}
cleaner = nh3.Cleaner(tags={"p", "ins", "del"}, attributes={})


@dataclass
class Budget:
    """How many steps comparisons may still take."""

    left: int = STEPS


@dataclass(frozen=True)
class Word:
    """A word and the space before it, which does not count when it is compared."""

    space: str
    word: str


def words_of(text: str) -> list[Word]:
    """Cut a text into words and signs."""
    return [Word(*found) for found in WORD.findall(text)]


def compare(before: str, after: str, budget: Budget) -> list[WordChange]:
    """Return the text as pieces that stay, go or come; white space is no difference."""
    old, new = words_of(before), words_of(after)
    said = [
        (change, f"{word.space}{word.word}")
        for change, word in pieces(old, new, common([each.word for each in old], [each.word for each in new], budget))
    ]
    runs = groupby(said, key=lambda piece: piece[0])
    return [WordChange(change=change, text="".join(text for _, text in run)) for change, run in runs]


def pieces(old: Sequence[Word], new: Sequence[Word], pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[str, Word]]:
    """Pass each word with what became of it: what goes before what comes in its place."""
    i = j = 0
    for at, to in [*pairs, (len(old), len(new))]:
        yield from (("removed", word) for word in old[i:at])
        yield from (("added", word) for word in new[j:to])
        if to < len(new):
            yield "same", new[to]
        i, j = at + 1, to + 1


def common(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Return the places of a longest common subsequence, in both; only its ends once the budget is spent."""
    ahead = 0
    while ahead < min(len(old), len(new)) and old[ahead] == new[ahead]:
        ahead += 1
    behind = 0
    while behind < min(len(old), len(new)) - ahead and old[-1 - behind] == new[-1 - behind]:
        behind += 1
    inner = longest(old[ahead : len(old) - behind], new[ahead : len(new) - behind], budget)
    ends = [(len(old) - back, len(new) - back) for back in range(behind, 0, -1)]
    return [*((at, at) for at in range(ahead)), *((ahead + i, ahead + j) for i, j in inner), *ends]


class Reached:
    """How far the ways with fewer than `edits` changes led, by diagonal; small, because one is kept for each number."""

    def __init__(self, reach: Mapping[int, int], edits: int) -> None:
        self._first = -edits - 1
        self._values = array("i", [reach.get(diagonal, 0) for diagonal in range(self._first, edits + 2, 2)])

    def __getitem__(self, diagonal: int) -> int:
        return self._values[(diagonal - self._first) // 2]


def longest(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[tuple[int, int]]:
    """Return the places of a longest common subsequence, or none of them once the budget is spent."""
    if not old or not new:
        return []
    reach = {1: 0}
    trace: list[Reached] = []
    for edits in range(len(old) + len(new) + 1):
        trace.append(Reached(reach, edits))
        if advance(reach, edits, old, new, budget):
            return walk_back(trace, len(old), len(new))
        if budget.left < 0:
            return []
    raise AssertionError("two texts differ by at most all their words")


def advance(reach: dict[int, int], edits: int, old: Sequence[str], new: Sequence[str], budget: Budget) -> bool:
    """Go as far as `edits` changes lead on each diagonal; say whether the end was reached."""
    for diagonal in range(-edits, edits + 1, 2):
        x = step(reach, diagonal, edits)
        start = x
        while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
            x += 1
        budget.left -= 1 + x - start
        reach[diagonal] = x
        if x >= len(old) and x - diagonal >= len(new):
            return True
    return False


def step(reach: Mapping[int, int] | Reached, diagonal: int, edits: int) -> int:
    """Return where a diagonal is entered: from the one beside it that leads further."""
    if diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1]):
        return reach[diagonal + 1]
    return reach[diagonal - 1] + 1


def walk_back(trace: Sequence[Reached], x: int, y: int) -> list[tuple[int, int]]:
    """Return the words that both texts share on the way that was found."""
    pairs = []
    for edits in range(len(trace) - 1, -1, -1):
        diagonal = x - y
        entered = step(trace[edits], diagonal, edits)
        while x > entered:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        came_down = diagonal == -edits or (
            diagonal != edits and trace[edits][diagonal - 1] < trace[edits][diagonal + 1]
        )
        x, y = (x, y - 1) if came_down else (x - 1, y)
    return pairs[::-1]


def marked(changes: Sequence[WordChange]) -> str:
    """Return HTML in which what comes stands in `<ins>`, what goes in `<del>`."""
    paragraphs = [""]
    for piece in changes:
        first, *others = piece.text.split("\n\n")
        paragraphs[-1] += mark(piece.change, first)
        paragraphs += [mark(piece.change, other) for other in others]
    return cleaner.clean("\n".join(f"<p>{each.strip()}</p>" for each in paragraphs if each.strip()))


def mark(change: str, text: str) -> str:
    """Mark a piece of one paragraph; the space before it stays outside."""
    said = text.lstrip()
    space, said = text[: len(text) - len(said)], escape(said)
    tag = MARKS.get(change)
    return f"{space}<{tag}>{said}</{tag}>" if tag and said else f"{space}{said}"
