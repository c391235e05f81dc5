"""Make texts comparable however they were typed, and find the way back to what was typed.

Two forms of a text are used. The *clean* form drops invisible characters and folds width, ligatures and typographic
apostrophes (NFKC). The *folded* form also folds case and runs of white space; Turkish i's become one letter.
Both are built for speed; the way back (`OffsetMap`) is only made when something was found.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

# Default_Ignorable_Code_Point of the Unicode Character Database: nobody sees these, so they must not hide a word.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_ignorable = re.compile(f"[{IGNORABLE}]")
_surrogates = re.compile("[\ud800-\udfff]")
_plain = re.compile("[!-~]+(?: [!-~]+)*")


def without_surrogates(text: str) -> str:
    """Replace half characters, which no encoding can carry, one by one."""
    return _surrogates.sub("\ufffd", text)


def clean(text: str) -> str:
    """Drop what is invisible and fold width, ligatures and apostrophes; case and white space stay."""
    if text.isascii():
        return text
    is_latin = len(text.encode("latin-1", "ignore")) == len(text)
    text = text.replace("\u00ad", "") if is_latin else _ignorable.sub("", text)
    # Before NFKC, which would make a space and a combining accent of the acute accent that people type for apostrophes.
    text = text.replace("’", "'").replace("‘", "'").replace("´", "'").replace("ʼ", "'").replace("‐", "-")
    return unicodedata.normalize("NFKC", text).replace("‐", "-").replace("ʼ", "'")


def fold(text: str) -> str:
    """Bring a text into the form in which words are compared."""
    folded = _fold_letters(text)
    if "  " in folded or not folded.isprintable() or folded[:1] == " " or folded[-1:] == " ":
        return " ".join(folded.split())
    return folded


def _fold_letters(text: str) -> str:
    if text.isascii():
        return text.lower()
    cased = clean(text).replace("İ", "I").replace("ı", "i").casefold()
    return unicodedata.normalize("NFKC", cased).replace("i\u0307", "i")


def is_word(char: str) -> bool:
    """Letters, digits, the underscore and the marks that belong to them make words."""
    return char.isalnum() or char == "_" or (not char.isascii() and unicodedata.category(char)[0] == "M")


@lru_cache(maxsize=8192)
def continues(char: str) -> bool:
    """Tell whether a character may merge with the one before it when it is normalised."""
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff" or "\ud7b0" <= first <= "\ud7ff"


@lru_cache(maxsize=8192)
def _is_ignorable(char: str) -> bool:
    return _ignorable.match(char) is not None


_clean_piece = lru_cache(maxsize=8192)(clean)
_fold_piece = lru_cache(maxsize=8192)(_fold_letters)


class OffsetMap:
    """The way from places in a clean or folded text back to the text it was made from.

    A list of stretches: in a plain one each character stands for one of the original; the characters of any
    other stand together for a whole piece of the original (a letter with its marks, a ligature).
    """

    def __init__(self) -> None:
        self._at: list[int] = []
        self._from: list[int] = []
        self._to: list[int] = []
        self._plain: list[bool] = []
        self._length = 0
        self._gap: tuple[int, int] | None = None

    @classmethod
    def of_clean(cls, text: str) -> "OffsetMap":
        """The way back from `clean(text)`."""
        made = cls()
        made._walk(text, _clean_piece, made._add_piece)
        return made

    @classmethod
    def of_folded(cls, text: str) -> "OffsetMap":
        """The way back from `fold(text)`."""
        made = cls()
        if _keeps_places(text):
            made._add_plain(0, len(text))
        else:
            made._walk(text, _fold_piece, made._add_folded_piece)
        return made

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The smallest stretch of the original that covers `start` to `end` of the made text."""
        first = bisect_right(self._at, start) - 1
        last = bisect_right(self._at, end - 1) - 1
        begin = self._from[first] + (start - self._at[first] if self._plain[first] else 0)
        finish = self._from[last] + end - self._at[last] if self._plain[last] else self._to[last]
        return begin, finish

    def _walk(self, text: str, transform: Callable[[str], str], add: Callable[[str, int, int], None]) -> None:
        position, length = 0, len(text)
        while position < length:
            run = _plain.match(text, position)
            # The last character of a plain run may be the base of a mark that follows, so it is looked at alone.
            end = 0 if run is None else run.end() - (run.end() < length and not text[run.end()].isascii())
            if end > position:
                self._add_plain(position, end)
                position = end
                continue
            start, position, visible = position, position + 1, position + 1
            while position < length and not text[position].isascii():
                if continues(text[position]):
                    visible = position + 1
                elif not _is_ignorable(text[position]):
                    break
                position += 1
            add(transform(text[start:position]), start, visible)

    def _add_plain(self, start: int, end: int) -> None:
        self._close_gap()
        self._record(start, end, end - start, plain=True)

    def _add_piece(self, made: str, start: int, end: int) -> None:
        if made:
            self._record(start, end, len(made), plain=False)

    def _add_folded_piece(self, made: str, start: int, end: int) -> None:
        for char in made:
            if char.isspace():
                self._gap = self._gap or (start, end)
            else:
                self._close_gap()
                self._record(start, end, 1, plain=False)

    def _close_gap(self) -> None:
        """White space becomes one space, and only where something stands on both sides."""
        if self._gap and self._length:
            self._record(*self._gap, 1, plain=False)
        self._gap = None

    def _record(self, start: int, end: int, length: int, *, plain: bool) -> None:
        self._at.append(self._length)
        self._from.append(start)
        self._to.append(end)
        self._plain.append(plain)
        self._length += length


def _keeps_places(text: str) -> bool:
    """Tell whether each character of `fold(text)` stands for the one at the same place in `text`."""
    cased = clean(text).casefold()
    # No `casefold` shortens a character, so equal lengths mean that none was stretched.
    return (
        len(text) == len(cased) == len(fold(text))
        and not _ignorable.search(text)
        and unicodedata.is_normalized("NFKC", text)
        and unicodedata.is_normalized("NFKC", cased)
    )
