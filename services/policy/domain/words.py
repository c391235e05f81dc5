"""Words as they are searched: without case and accents, and one by one in scripts that write them together."""

import html
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

LONGEST = 64
TOGETHER = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese letters: words stand together, so each letter is searched alone."""
PARTS = re.compile(rf"{TOGETHER.pattern}|(?:(?!{TOGETHER.pattern})[^\W_])+")
PREFIX = 3
"""From so many letters on, a word that is searched also finds those that begin with it."""
BEFORE, SHOWN = 8, 32
"""Words in a snippet: before the first that was searched, and in all."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, where it stands in it, and how it is searched."""

    start: int
    end: int
    folded: str


def fold(text: str) -> list[str]:
    """Return the words of a text as they are searched."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char)[0] != "M")
    return [part[:LONGEST] for part in PARTS.findall(plain.casefold())]


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of a text in their order, each with its place."""
    start: int | None = None
    for at, char in enumerate(f"{text} "):
        inside = char.isalnum() or (start is not None and unicodedata.category(char)[0] == "M")
        alone = inside and TOGETHER.match(char) is not None
        if start is not None and (not inside or alone):
            yield from (Word(start, at, folded) for folded in fold(text[start:at])[:1])
            start = None
        if alone:
            yield from (Word(at, at + 1, folded) for folded in fold(char)[:1])
        elif inside and start is None:
            start = at


def found(word: str, wanted: Collection[str]) -> bool:
    """Tell whether a folded word is one that is searched, or begins with it."""
    return any(word == each or (len(each) >= PREFIX and word.startswith(each)) for each in wanted)


def snippet(text: str, wanted: Collection[str]) -> str:
    """Return the part of a text around the first word that is searched, as HTML with each such word in `<mark>`."""
    words = list(words_of(text))
    first = next((at for at, word in enumerate(words) if found(word.folded, wanted)), 0)
    shown = words[max(first - BEFORE, 0) : max(first - BEFORE, 0) + SHOWN]
    if not shown:
        return html.escape(text[:200])
    at_start, at_end = shown[0] is words[0], shown[-1] is words[-1]
    position = 0 if at_start else shown[0].start
    parts = [] if at_start else ["… "]
    for word in shown:
        parts.append(html.escape(text[position : word.start]))
        marked = html.escape(text[word.start : word.end])
        parts.append(f"<mark>{marked}</mark>" if found(word.folded, wanted) else marked)
        position = word.end
    parts.append(html.escape(text[position:] if at_end else " …"))
    return "".join(parts)
