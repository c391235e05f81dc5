"""The aggressive reading for rules with `evasion: strict`: look-alike letters, leet, spacing and repeats.

A text becomes a *skeleton* in which all disguises of a letter are one letter, separators are gone and repeats are
single. Two words may share a skeleton (bill, bil), so a hit in the skeleton is only a candidate: it is confirmed
where it stands, with the letters of the keyword and what may stand for them.
"""

import re
import unicodedata
from functools import lru_cache

import re2

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
_repeats = re.compile(r"(.)\1+")
_between = r"[^\pL\pN\s]{0,2}"
_gap = r"\s{1,3}"


@lru_cache(maxsize=8192)
def _letters(char: str) -> str:
    """One character without marks, case and foreign look-alikes."""
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


def places(text: str) -> tuple[list[int], list[int]]:
    """For each character of `skeleton(text)`, where it begins and ends in the text."""
    starts: list[int] = []
    ends: list[int] = []
    last = ""
    for at, char in enumerate(text):
        for bone in _bones(char):
            if bone == last:
                ends[-1] = at + 1
            else:
                starts.append(at)
                ends.append(at + 1)
                last = bone
    return starts, ends


def can_be_disguised(keyword: str) -> bool:
    """Only what begins and ends with a letter or digit; tags and emoji are matched as they are."""
    return all(_is_letter(char) for char in (keyword[:1], keyword[-1:]))


class Disguised:
    """A keyword that is found although somebody tried to hide it."""

    def __init__(self, keyword: str, *, whole: bool) -> None:
        self._whole = whole
        words = re.findall(r"[^\W_]+", "".join(map(_letters, keyword)))
        units = [[_unit(run[0]) for run in re.finditer(r"(.)\1*", word)] for word in words]
        close = r"[^\pL\pN]{0,4}".join(_between.join(word) for word in units)
        spaced = _gap.join(unit for word in units for unit in word)
        options = re2.Options()
        options.log_errors = False
        self._confirm = re2.compile(f"(?:{close})|(?:{spaced})", options)
        self.skeleton = skeleton(keyword)

    def stands_at(self, text: str, start: int, end: int) -> bool:
        """Confirm that the keyword stands at this place of the text."""
        if self._whole and (_is_letter(text[:start][-1:]) or _is_letter(text[end : end + 1])):
            return False
        return self._confirm.fullmatch("".join(map(_letters, text[start:end]))) is not None


def _unit(run: str) -> str:
    """At least as many of a letter as the keyword has, in any disguise, apart or not."""
    signs = re2.escape(run[0]) + "".join(re2.escape(sign) for sign in _leet.get(run[0], ""))
    one = f"[{signs}]" if len(signs) > 1 else signs
    return f"{one}+" if len(run) == 1 else rf"(?:{one}[^\pL\pN]{{0,3}}){{{len(run) - 1},}}{one}+"


def _is_letter(char: str) -> bool:
    return any(c.isalnum() for c in _letters(char)) if char else False
