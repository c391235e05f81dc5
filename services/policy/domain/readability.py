"""How many years of school a text asks for.

English: Flesch-Kincaid grade level (Kincaid et al., 1975). German: first Wiener Sachtextformel (Bamberger and
Vanecek, 1984). Other languages: RIX, long words per sentence, which needs no syllables (Anderson, 1983).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
SENTENCE = re.compile(r"[.!?…]+(?=\s|$)|\n\s*\n|\n(?=\s*[-*+\d])")
VOWELS = re.compile(r"[aeiouyäöüàáâãåæéèêëíìîïóòôõøúùûýÿœ]+")
PAIRS = re.compile(r"[aeiouy]{1,2}")
SILENT = re.compile(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$|^y")
RIX = (0.2, 0.5, 0.8, 1.3, 1.8, 2.4, 3.0, 3.7, 4.5, 5.3, 6.2, 7.2)
"""Long words per sentence from which on the next grade begins; beyond the last, 13."""


@dataclass(frozen=True, slots=True)
class Readability:
    """A school grade, the formula it comes from, and the number of words."""

    grade: float
    measure: str
    words: int


def readability(text: str, language: str) -> Readability:
    """Measure a text without markup; one without words has grade 0."""
    words = WORD.findall(text.casefold())
    count = max(1, sum(1 for sentence in SENTENCE.split(text) if WORD.search(sentence)))
    if not words:
        return Readability(0.0, "none", 0)
    if language == "en":
        grade = 0.39 * len(words) / count + 11.8 * sum(map(english_syllables, words)) / len(words) - 15.59
        measure = "Flesch-Kincaid grade"
    elif language == "de":
        grade, measure = wiener(words, count), "Wiener Sachtextformel"
    else:
        rix = sum(len(word) > 6 for word in words) / count
        grade, measure = float(1 + sum(rix >= bound for bound in RIX)), "RIX"
    return Readability(round(max(0.0, grade), 1), measure, len(words))


def wiener(words: Sequence[str], sentences: int) -> float:
    """Return the first Wiener Sachtextformel: shares are in per cent of the words."""
    syllables = [len(VOWELS.findall(word)) or 1 for word in words]
    share = 100 / len(words)
    many, one = share * sum(each >= 3 for each in syllables), share * sum(each == 1 for each in syllables)
    long = share * sum(len(word) > 6 for word in words)
    return 0.1935 * many + 0.1672 * len(words) / sentences + 0.1297 * long - 0.0327 * one - 0.875


def english_syllables(word: str) -> int:
    """Count the groups of one or two vowels, without a silent ending; a rule of thumb."""
    return 1 if len(word) <= 3 else max(1, len(PAIRS.findall(SILENT.sub("", word))))
