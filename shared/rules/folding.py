"""Make texts comparable however they were typed, and find the way back to what was typed.

Two forms of a text are used. The *clean* form drops invisible characters and folds width, ligatures and typographic
apostrophes (NFKC). The *folded* form also folds case and runs of white space; Turkish i's become one letter.
Both are built for speed; the way back (`OffsetMap`) is only made when something was found.
"""

import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

# Default_Ignorable_Code_Point of the Unicode Character Database: nobody sees these, so they must not hide a word.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
MAX_REMEMBERED = 16
"""Longer pieces (a letter under a heap of marks) are worked out anew each time, so that nobody can fill our memory."""

_ignorable = re.compile(f"[{IGNORABLE}]")
_surrogates = re.compile("[\ud800-\udfff]")
# Characters that fold to one character each and never merge with the one before them: most of what is written.
PLAIN = (
    "!-~¡¿À-Þà-ı\u0391-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a\u0904-\u0939\u0e01-\u0e30"
    "\u1e00-\u1e99\u2013\u2014\u2018-\u201f\u2022\u20ac\u2190-\u222b\u2500-\u2a0b\u3001-\u3029\u3041-\u3096\u30a1-\u30fe\u3400-\ua48c"
    "\uac00-\ud7a3\uff01-\uff9d\U0001f300-\U0001f6d7\U0001f900-\U0001fa53"
)
_plain = re.compile(f"[{PLAIN}]+(?: [{PLAIN}]+)*")
# Characters that become their lower case, whatever is around them: for a text of nothing else that is all there is to do.
# Not İ, ı, the sigmas, and what NFKC changes or merges.
ONLY_CASED = (
    "\\t\\n\\r !-~¡§«°»¿-įĴ-ľŁ-ňŊ-ž\u0391-\u03a1\u03a4-\u03c1\u03c4-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0620-\u064a"
    "\u0904-\u0939\u0e01-\u0e30\u1e00-\u1e99\u2013\u2014\u201a-\u201f\u2022\u20ac\u2190-\u222b\u2500-\u2a0b\u3001-\u3029\u3041-\u3096"
    "\u30a1-\u30fe\u3400-\ua48c\uac00-\ud7a3\ufffd\U0001f1e6-\U0001f1ff\U0001f300-\U0001f6d7\U0001f900-\U0001fa53"
)
_otherwise = re.compile(f"[^{ONLY_CASED}]")
_white = re.compile("[ \\t\\n\\r]+")


def without_surrogates(text: str) -> str:
    """Replace half characters, which no encoding can carry, one by one."""
    return _surrogates.sub("\ufffd", text)


def clean(text: str) -> str:
    """Drop what is invisible and fold width, ligatures and apostrophes; case and white space stay."""
    if text.isascii():
        return text
    plain = _plain_signs(text)
    return plain if _otherwise.search(plain) is None else _clean_throughout(text)


def _clean_throughout(text: str) -> str:
    is_latin = len(text.encode("latin-1", "ignore")) == len(text)
    text = text.replace("\u00ad", "") if is_latin else _ignorable.sub("", text)
    # Before NFKC, which would make a space and a combining accent of the acute accent that people type for apostrophes.
    text = text.replace("’", "'").replace("‘", "'").replace("´", "'").replace("ʼ", "'").replace("‐", "-")
    return unicodedata.normalize("NFKC", text).replace("‐", "-").replace("ʼ", "'")


def _plain_signs(text: str) -> str:
    """The text with the signs replaced that are commonest among those which do not stand for themselves."""
    return text.replace("’", "'").replace("…", "...").replace("\ufe0f", "")


def fold(text: str) -> str:
    """Bring a text into the form in which words are compared."""
    folded = _fold_letters(text)
    if "  " in folded or not folded.isprintable() or folded[:1] == " " or folded[-1:] == " ":
        return " ".join(folded.split())
    return folded


def _fold_letters(text: str) -> str:
    if text.isascii():
        return text.lower()
    cased = _plain_signs(text)
    if _otherwise.search(cased) is None:
        return cased.lower().replace("ß", "ss")
    cased = _clean_throughout(text).replace("İ", "I").replace("ı", "i").casefold()
    return unicodedata.normalize("NFKC", cased).replace("i\u0307", "i")


def is_word(char: str) -> bool:
    """Letters, digits, the underscore and the marks that belong to them make words."""
    return char.isalnum() or char == "_" or (not char.isascii() and unicodedata.category(char)[0] == "M")


class _Digits(dict[int, str | int]):
    """A table for `str.translate` that fills itself; bounded by the number of code points."""

    def __missing__(self, key: int) -> str | int:
        digit = unicodedata.decimal(chr(key), None)
        self[key] = made = key if digit is None else str(digit)
        return made


_digits = _Digits()


def ascii_digits(text: str) -> str:
    """The text with the decimal digits of every script as 0 to 9; nothing else changes, nor any place."""
    return text if text.isascii() else text.translate(_digits)


# The commonest characters that are none, for who asks often.
NO_WORD = frozenset(char for char in map(chr, range(128)) if not is_word(char))


@lru_cache(maxsize=8192)
def continues(char: str) -> bool:
    """Tell whether a character may merge with the one before it when it is normalised."""
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff" or "\ud7b0" <= first <= "\ud7ff"


@lru_cache(maxsize=8192)
def _is_ignorable(char: str) -> bool:
    return _ignorable.match(char) is not None


_clean_short = lru_cache(maxsize=8192)(clean)
_fold_short = lru_cache(maxsize=8192)(_fold_letters)


def _clean_piece(piece: str) -> str:
    return _clean_short(piece) if len(piece) <= MAX_REMEMBERED else clean(piece)


def _fold_piece(piece: str) -> str:
    return _fold_short(piece) if len(piece) <= MAX_REMEMBERED else _fold_letters(piece)


def _before_marks(text: str, end: int) -> int:
    """The end of a run of characters that stand for themselves: without the last one if something is put onto it."""
    if end < len(text) and not text[end].isascii() and (continues(text[end]) or _is_ignorable(text[end])):
        return end - 1
    return end


class OffsetMap:
    """The way from places in a clean or folded text back to the text it was made from.

    A list of stretches: in a plain one each character stands for one of the original; the characters of any
    other stand together for a whole piece of the original (a letter with its marks, a ligature).
    """

    def __init__(self) -> None:
        self._at: list[int] = []
        self._from: list[int] = []
        self._to: list[int | None] = []
        self._length = 0
        self._goes_on: int | None = None
        self._gap: tuple[int, int] | None = None

    @classmethod
    def of_clean(cls, text: str) -> "OffsetMap":
        """The way back from `clean(text)`."""
        made = cls()
        made._walk(text, _clean_piece, made._add_piece, sys.maxsize)
        return made

    @classmethod
    def of_folded(cls, text: str, until: int) -> "OffsetMap":
        """The way back from the first `until` characters of `fold(text)`, or some more."""
        made = cls()
        made._walk(text, _fold_piece, made._add_folded_piece, until, single_spaces=True)
        return made

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The smallest stretch of the original that covers `start` to `end` of the made text."""
        first = bisect_right(self._at, start) - 1
        last = bisect_right(self._at, end - 1) - 1
        begin = self._from[first] + (start - self._at[first] if self._to[first] is None else 0)
        finish = self._to[last]
        return begin, self._from[last] + end - self._at[last] if finish is None else finish

    @property
    def length(self) -> int:
        """How many characters of the made text are mapped."""
        return self._length

    def _walk(
        self,
        text: str,
        transform: Callable[[str], str],
        add: Callable[[str, int, int], None],
        until: int,
        *,
        single_spaces: bool = False,
    ) -> None:
        position, length = 0, len(text)
        while position < length and self._length < until:
            run = _plain.match(text, position)
            if run is not None:
                end = _before_marks(text, run.end())
                if end > position:
                    self._add_plain(position, end)
                    position = end
                    continue
            white = _white.match(text, position) if single_spaces else None
            if white is not None and _before_marks(text, white.end()) == white.end():
                self._gap = self._gap or (position, position + 1)
                position = white.end()
                continue
            start, position, visible = position, position + 1, position + 1
            while position < length and not text[position].isascii():
                if not _is_ignorable(text[position]):
                    if not continues(text[position]):
                        break
                    visible = position + 1
                position += 1
            add(transform(text[start:position]), start, visible)

    def _add_plain(self, start: int, end: int) -> None:
        if self._gap is not None:
            self._close_gap()
        if self._goes_on != start:
            self._begin(start, None)
        self._length += end - start
        self._goes_on = end

    def _add_piece(self, made: str, start: int, end: int) -> None:
        if len(made) == 1 == end - start:
            self._add_plain(start, end)
        elif made:
            self._begin(start, end)
            self._length += len(made)

    def _add_folded_piece(self, made: str, start: int, end: int) -> None:
        for char in made:
            if char.isspace():
                self._gap = self._gap or (start, end)
            elif len(made) == 1:
                self._close_gap()
                self._add_piece(made, start, end)
            else:
                self._close_gap()
                self._begin(start, end)
                self._length += 1

    def _close_gap(self) -> None:
        """White space becomes one space, and only where something stands on both sides."""
        if self._gap is not None and self._length:
            self._begin(*self._gap)
            self._length += 1
        self._gap = None

    def _begin(self, start: int, end: int | None) -> None:
        self._at.append(self._length)
        self._from.append(start)
        self._to.append(end)
        self._goes_on = None


def begins_alike(text: str, folded: str, end: int) -> bool:
    """Tell, cheaply, whether the first `end` characters of a text surely stand at the same places in its folded form.

    What folding leaves, but for its case, it would leave anywhere. Only a dotted capital I becomes longer in lower case.
    """
    beginning = text[:end].lower().replace("’", "'")
    return len(beginning) == end and beginning == folded[:end]


def among_spaces(text: str, folded: str, start: int, end: int) -> tuple[int, int] | None:
    """The place in a text of one in its folded form, if up to there only case and white space were folded.

    As `begins_alike`, but with white space before it that became fewer spaces. None: it is not as easy as that.
    """
    lowered = text.lower().replace("’", "'")
    begin = lowered.find(folded[start:end])
    finish = begin + end - start
    if begin < 0 or len(lowered) != len(text) or " ".join(lowered[:finish].split()) != folded[:end]:
        return None
    return begin, finish


def keeps_places(text: str, folded: str) -> bool:
    """Tell whether each character of the folded text stands for the one at the same place in the text.

    Folding only ever makes a normalised text longer by casing, and otherwise shorter: equal lengths mean neither.
    """
    if len(text) != len(folded):
        return False
    return text.isascii() or (len(text.casefold()) == len(text) and unicodedata.is_normalized("NFKC", text))
