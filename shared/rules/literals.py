"""What a text must contain before a pattern can match it, so that most patterns need not be tried at all."""

import re
import string

from shared.rules.folding import continues, fold

_counted = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_opening = re.compile(r"\(\?(?:P?<\w+>|[imsU-]*:)")
_flags = re.compile(r"\(\?[imsU-]+\)")
_class = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]", re.DOTALL)
_no_literal = re.compile(r"\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[dDsSwWbBAzafnrtv])")

Words = tuple[str, ...]


class _Unclear(Exception):  # noqa: N818 - no error: the pattern is tried on every text then
    """The pattern uses something whose literals are not worth working out."""


def required(pattern: str) -> Words | None:
    """Folded words of which one is in `fold(text)` whenever the RE2 pattern, already found valid, matches `text`.

    None when there are no such words. The answer is on the safe side: a class, a repetition or an unusual escape
    counts as "anything".
    """
    reader = _Reader(pattern)
    try:
        return reader.alternatives()
    except _Unclear:
        return None


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def alternatives(self) -> Words | None:
        branches = [self._branch()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._branch())
        return None if None in branches else tuple(word for branch in branches for word in branch or ())

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, expression: re.Pattern[str]) -> bool:
        found = expression.match(self._pattern, self._at)
        if found:
            self._at = found.end()
        return bool(found)

    def _branch(self) -> Words | None:
        best: Words | None = None
        run = ""
        while self._peek() not in {"", "|", ")"}:
            piece = self._piece()
            least = self._repeats()
            if isinstance(piece, str) and least != 0:
                run += piece
            if isinstance(piece, str) and least is None:
                continue
            best, run = _better(best, _anchor(run)), ""
            if not isinstance(piece, str) and least != 0:
                best = _better(best, piece)
        return _better(best, _anchor(run))

    def _piece(self) -> str | Words | None:
        """One character (a string), or what a group requires."""
        if self._take(_flags) or self._take(_class) or self._take(_no_literal):
            return None
        char = self._peek()
        if char == "\\":
            return self._escape()
        if char == "(":
            return self._group()
        self._at += 1
        return None if char in ".^$" else char

    def _escape(self) -> str:
        char = self._pattern[self._at + 1 : self._at + 2]
        if char not in string.punctuation:
            raise _Unclear
        self._at += 2
        return char

    def _group(self) -> Words | None:
        if not self._take(_opening):
            self._at += 1
        inside = self.alternatives()
        self._at += 1
        return inside

    def _repeats(self) -> int | None:
        """How often at least the piece before must come; None if it stands once."""
        least: int | None = None
        while True:
            counted = _counted.match(self._pattern, self._at)
            if counted:
                least, self._at = min(least or 1, int(counted[1])), counted.end()
            elif self._peek() and self._peek() in "*?+":
                least = 1 if self._peek() == "+" and least != 0 else 0
                self._at += 1
            else:
                return least


def _anchor(run: str) -> Words | None:
    """The longest word of a run of characters that surely survives folding with whatever stands around it."""
    while run and continues(run[0]):
        run = run[1:]
    end = len(run)
    while end and continues(run[end - 1]):
        end -= 1
    if end and (end < len(run) or not run[end - 1].isdigit()):
        # A mark that follows in the text may change the last letter.
        end -= 1
    words = sorted(fold(run[:end]).split(), key=len)
    return (words[-1],) if words and len(words[-1]) > 1 else None


def _better(one: Words | None, other: Words | None) -> Words | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda words: (min(map(len, words)), -len(words)))
