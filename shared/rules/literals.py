"""What a text must contain before a pattern can match it, so that most patterns need not be tried at all."""

from shared.rules.folding import continues, fold
from shared.rules.syntax import Branches, Piece, Unclear, outline

Words = tuple[str, ...]
_digits = {r"\d", "[0-9]"}


def required(pattern: str) -> Words | None:
    """Folded words of which one is in `fold(text)` whenever the RE2 pattern, already found valid, matches `text`.

    None when there are no such words. The answer is on the safe side: a class, a repetition or an unusual escape
    counts as "anything".
    """
    try:
        return _of_branches(outline(pattern))
    except Unclear:
        return None


def requires_digit(pattern: str) -> bool:
    """Tell whether one of the digits 0 to 9 is surely in `fold(text)` whenever the valid pattern matches `text`."""
    try:
        return all(any(piece.least and piece.source in _digits for piece in branch) for branch in outline(pattern))
    except Unclear:
        return False


def _of_branches(branches: Branches) -> Words | None:
    words: Words = ()
    for branch in branches:
        some = _of_branch(branch)
        if some is None:
            return None
        words += some
    return words


def _of_branch(branch: tuple[Piece, ...]) -> Words | None:
    best: Words | None = None
    run = ""
    for piece in branch:
        if piece.char is not None and piece.least:
            run += piece.char
        if piece.char is not None and not piece.repeated:
            continue
        best, run = _better(best, _anchor(run)), ""
        if piece.branches is not None and piece.least:
            best = _better(best, _of_branches(piece.branches))
    return _better(best, _anchor(run))


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
