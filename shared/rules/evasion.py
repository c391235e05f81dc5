"""The aggressive reading for rules with `evasion: strict`: look-alike letters, leet, spacing and repeats.

A text becomes a *skeleton* in which all disguises of a letter are one letter, separators are gone and repeats are
single. Two words may share a skeleton (bill, bil), so a hit in the skeleton is only a candidate: it is confirmed
where it stands, with the letters of the keyword and what may stand for them.
"""

import re
import unicodedata
from functools import lru_cache

import re2

from shared.rules.draft import Span
from shared.rules.folding import fold

# Letters of other scripts that look like Latin ones (after case folding), by the Latin letter.
_look_alikes = {
    "a": "аαɑ",
    "b": "ьʙ",
    "c": "сϲᴄ",
    "d": "ԁ",
    "e": "еєҽε",
    "g": "ɡց",
    "h": "һհ",
    "i": "іιɩ",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏ",
    "m": "мᴍ",
    "n": "пηռ",
    "o": "оοօσ",
    "p": "рρ",
    "q": "ԛզ",
    "r": "гᴦ",
    "s": "ѕꜱ",
    "t": "тτ",
    "u": "υսᴜ",
    "v": "νѵ",
    "w": "ԝωᴡ",
    "x": "хχ",
    "y": "уγү",
    "z": "ᴢ",
}
_leet = {
    "a": "4@",
    "b": "8",
    "c": "¢",
    "e": "3€",
    "g": "9",
    "i": "1!|",
    "l": "1!|£",
    "o": "0",
    "s": "5$",
    "t": "7+",
}
_latin = {other: letter for letter, others in _look_alikes.items() for other in others}
_undisguised = {sign: letter for letter, signs in reversed(_leet.items()) for sign in signs} | {"l": "i", "£": "i"}
MAX_PLACES = 8
"""So many places are tried for the first and the last letter; more only come from texts that repeat one letter."""
MAX_LENGTH = 600
"""So long is the longest disguise that is looked behind, in characters."""

Places = list[tuple[int, int]]

_repeats = re.compile(r"(.)\1+")
_between = r"[^\pL\pN\s]{0,2}"
_gap = r"\s{1,3}"


@lru_cache(maxsize=8192)
def _letters(char: str) -> str:
    """One character without marks, case and foreign look-alikes; white space stays."""
    if char.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", fold(char))
    return "".join(_latin.get(letter, letter) for letter in plain if unicodedata.category(letter)[0] != "M")


@lru_cache(maxsize=8192)
def _bones(char: str) -> str:
    """What one character adds to the skeleton: nothing for separators."""
    return "".join(_undisguised.get(c, c) for c in _letters(char) if c.isalnum() or c in _undisguised)


class _Skeleton(dict[int, str]):
    """A table for `str.translate` that fills itself; bounded by the number of code points."""

    def __missing__(self, key: int) -> str:
        self[key] = bones = _bones(chr(key))
        return bones


_table = _Skeleton()


def skeleton(text: str) -> str:
    """The text with every disguise taken off."""
    return _repeats.sub(r"\1", text.translate(_table))


def places(text: str) -> list[Places]:
    """For each character of `skeleton(text)`, the places in the text that it stands for, one after the other."""
    made: list[Places] = []
    last = ""
    for at, char in enumerate(text):
        for bone in _bones(char):
            if bone == last:
                made[-1].append((at, at + 1))
            else:
                made.append([(at, at + 1)])
                last = bone
    return made


def can_be_disguised(keyword: str) -> bool:
    """Only what begins and ends with a letter or digit; tags and emoji are matched as they are."""
    return all(_is_letter(char) for char in (keyword[:1], keyword[-1:]))


class Disguised:
    """A keyword that is found although somebody tried to hide it."""

    def __init__(self, keyword: str, *, whole: bool) -> None:
        self._whole = whole
        words = re.findall(r"[^\W_]+", "".join(map(_letters, keyword)))
        written = "[^\\pL\\pN]{0,4}".join(f"(?:{_spelt(word, _between)}|{_spelt(word, _gap)})" for word in words)
        options = re2.Options()
        options.log_errors = False
        self._confirm = re2.compile(written, options)
        self.skeleton = skeleton(keyword)

    def find(self, text: str, first: Places, last: Places) -> Span | None:
        """Confirm that the keyword stands in the text, between the places of its first and of its last letter.

        Repeats are one in a skeleton, also across words ("coin, now"), so there may be several of each.
        """
        starts = [start for start, _ in first if not self._whole or not _is_letter(text[max(start - 1, 0) : start])]
        ends = [end for _, end in last if not self._whole or not _is_letter(text[end : end + 1])]
        for start in starts[:MAX_PLACES]:
            near = [end for end in ends if start < end <= start + MAX_LENGTH]
            for end in near[: -MAX_PLACES - 1 : -1]:
                if self._confirm.fullmatch("".join(map(_letters, text[start:end]))):
                    return Span(start, end)
        return None


def _spelt(word: str, between: str) -> str:
    """The letters of a word in any disguise, each at least as often as the word has it, with something between."""
    return between.join(_unit(run[0], between) for run in re.finditer(r"(.)\1*", word))


def _unit(run: str, between: str) -> str:
    one = f"[{re2.escape(run[0] + _leet.get(run[0], ''))}]"
    return f"{one}+" if len(run) == 1 else f"(?:{one}+(?:{between})?){{{len(run) - 1},}}{one}+"


def _is_letter(char: str) -> bool:
    return any(c.isalnum() for c in _letters(char)) if char else False
