"""The outline of an RE2 pattern: enough to see what it requires and where its words begin and end."""

import re
import string
from dataclasses import dataclass

_counted = re.compile(r"\{(\d+)(?:,\d*)?\}")
_opening = re.compile(r"\((?:\?(?:P?<\w+>|[imsU-]*:))?")
_flags = re.compile(r"\(\?[imsU-]+\)")
_class = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_escape = re.compile(r"\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[dDsSwWbBAzafnrtv])")


class Unclear(Exception):  # noqa: N818 - no error: the pattern is used as it is, without an outline
    """The pattern uses an escape that is not worth understanding."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a pattern that a repetition can follow: one character, a group, or anything else."""

    source: str
    start: int
    end: int
    least: int
    """How often it comes at least."""
    repeated: bool
    char: str | None = None
    branches: "tuple[tuple[Piece, ...], ...] | None" = None


Branches = tuple[tuple[Piece, ...], ...]


def outline(pattern: str) -> Branches:
    """The alternatives of a valid RE2 pattern, each as its pieces; raises Unclear."""
    return _Reader(pattern).branches()


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def branches(self) -> Branches:
        made = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            made.append(self._branch())
        return tuple(made)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, expression: re.Pattern[str]) -> bool:
        found = expression.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return bool(found)

    def _branch(self) -> tuple[Piece, ...]:
        pieces = []
        while self._peek() not in {"", "|", ")"}:
            start = self._at
            inside = char = None
            if self._peek() == "(" and not self._take(_flags):
                self._take(_opening)
                inside = self.branches()
                self._at += 1
            elif self._at == start and not self._take(_class) and not self._take(_escape):
                char = self._char()
            source = self._pattern[start : self._at]
            least, repeated = self._repeats()
            pieces.append(Piece(source, start, self._at, least, repeated, char, inside))
        return tuple(pieces)

    def _char(self) -> str | None:
        char = self._peek()
        self._at += 1
        if char != "\\":
            return None if char in ".^$" else char
        char = self._peek()
        if char not in string.punctuation:
            raise Unclear
        self._at += 1
        return char

    def _repeats(self) -> tuple[int, bool]:
        least, start = 1, self._at
        while True:
            counted = _counted.match(self._pattern, self._at)
            if counted:
                least, self._at = min(least, int(counted[1])), counted.end()
            elif self._peek() and self._peek() in "*?+":
                least = least if self._peek() == "+" or self._lazy(start) else 0
                self._at += 1
            else:
                return least, self._at > start

    def _lazy(self, start: int) -> bool:
        """A question mark behind a repetition only says that it shall be short."""
        return self._peek() == "?" and self._at > start
