"""Markdown cut into clauses: a sentence, or an item of a list with the words that lead to it.

Everything is counted in code points of the text as written, so that a finding can be shown in its place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCKS = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t])|\n(?=[ \t]*>)|\|")
ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’»)*_]*\s+(?=[\"'“‘„«(\[*_¿¡]*[^\W\d_a-zà-ÿ])")
ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|No|Nr|Inc|Ltd|Mr|Mrs|Ms|Dr|Sr|St|z\.\s?B|d\.\s?h|bzw|vgl|Abs|Art|p\.\s?ex|p\.\s?ej)|\b[A-Z])\.$"
)
MARKUP = re.compile(r"[*_`~]+|\]\([^)\s]{0,500}\)|!?\[|^[ \t]*>[ \t]?|\\(?=[^\w\s])", re.MULTILINE)
UNSEEN = "\u2060"
"""A character that the rule engine does not see, in place of each character of markup."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence in a section; `lead` is what a list began with: "You must not:"."""

    text: str
    start: int
    end: int
    lead: str = ""

    @property
    def read(self) -> str:
        """The clause as it is to be understood, without markup."""
        return MARKUP.sub(lambda found: UNSEEN * len(found[0]), f"{self.lead} {self.text}".strip())


def clauses(markdown: str, heading: str = "") -> Iterator[Clause]:
    """Cut a section's text into clauses. A list without words that lead to it is led by the section's heading."""
    lead = heading
    start = 0
    for end in [*(found.start() for found in BLOCKS.finditer(markdown)), len(markdown)]:
        block = markdown[start:end]
        item = ITEM.match(block.lstrip("\n|"))
        last = ""
        for clause in sentences(block, start, lead if item else ""):
            last = clause.text
            yield clause
        if last and not item:
            lead = last.rstrip() if last.rstrip(" *_").endswith(":") else heading
        start = end


def sentences(block: str, start: int, lead: str) -> Iterator[Clause]:
    """Cut a block at the ends of its sentences."""
    begin = 0
    ends = [found.end() for found in SENTENCE_END.finditer(block) if not abbreviated(block, found.start())]
    for end in [*ends, len(block)]:
        piece = block[begin:end]
        marker = ITEM.match(piece.lstrip("\n|"))
        front = len(piece) - len(piece.lstrip("\n| \t")) if marker is None else 0
        if marker is not None:
            front = len(piece) - len(piece.lstrip("\n|")) + marker.end()
        text = piece[front:].rstrip()
        if any(letter.isalpha() for letter in text):
            yield Clause(text, start + begin + front, start + begin + front + len(text), lead)
        begin = end


def abbreviated(text: str, end: int) -> bool:
    """Tell whether what ends there is an abbreviation, and no sentence."""
    return ABBREVIATED.search(text[max(0, end - 12) : end]) is not None


def plain(markdown: str) -> str:
    """Return a text without its markup, for counting words."""
    return MARKUP.sub("", markdown)
