r"""Word boundaries for all scripts at the edges of a pattern.

RE2's `\b` knows ASCII only: `\bcafé\b` would never match, and `\bnder\b` would match in "Länder". Where a pattern
begins or ends with `\b` beside a letter or digit, the boundary is written out, and the match is what lies between.
"""

import re
from collections.abc import Sequence

from shared.rules.folding import is_word
from shared.rules.syntax import Piece, Unclear, outline

BEFORE = r"(?:^|[^\pL\pM\pN_])"
AFTER = r"(?:$|[^\pL\pM\pN_])"
_word_class = re.compile(r"\[(?:a-z|A-Z|0-9|\\[dw]|\\p[LN]|[^\W_](?!-)|_)+\]")
_word_escapes = {r"\w", r"\d", r"\pL", r"\pN", r"\p{L}", r"\p{N}"}


def written_out(pattern: str) -> str | None:
    r"""The pattern with its outer `\b` written out; what it matches is the first group. None: nothing to write out.

    All alternatives must have a `\b` at the same edges, or the first match could not be told from the others.
    """
    try:
        branches = outline(pattern)
    except Unclear:
        return None
    bare = [[piece for piece in branch if piece.branches or not piece.source.startswith("(?")] for branch in branches]
    left = all(_bounded(branch, last=False) for branch in bare)
    right = all(_bounded(branch, last=True) for branch in bare)
    if not left and not right:
        return None
    inner = "|".join(
        "".join(
            pattern[piece.start : piece.end]
            for piece in branch
            if not (left and piece is plain[0]) and not (right and piece is plain[-1])
        )
        for branch, plain in zip(branches, bare, strict=True)
    )
    return f"{BEFORE if left else ''}({inner}){AFTER if right else ''}"


def _bounded(pieces: Sequence[Piece], *, last: bool) -> bool:
    r"""Tell whether the outermost piece is `\b` and what is next to it is surely a word character."""
    outermost = pieces[-1 if last else 0] if pieces else None
    if outermost is None or outermost.source != r"\b" or outermost.repeated:
        return False
    return _is_word(pieces[:-1] if last else pieces[1:], last=last)


def _is_word(pieces: Sequence[Piece], *, last: bool) -> bool:
    for piece in reversed(pieces) if last else pieces:
        if not _piece_is_word(piece, last=last):
            return False
        if piece.least:
            return True
    return False


def _piece_is_word(piece: Piece, *, last: bool) -> bool:
    if piece.char is not None:
        return is_word(piece.char)
    if piece.branches is not None:
        return all(_is_word(branch, last=last) for branch in piece.branches)
    return piece.source in _word_escapes or _word_class.fullmatch(piece.source) is not None
