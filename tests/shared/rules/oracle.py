"""What rules match, worked out slowly and plainly, to hold the engine against.

It shares nothing with the engine but the rules: letters are folded one by one, keywords are tried at every position,
every rule is asked about every text. It knows neither links, telephones nor disguises, which have tests of their own.
"""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import re2

from shared.rules import Draft, PlacedRule, Span
from shared.rules.detectors import (
    AllDetector,
    AnyDetector,
    Detector,
    DisclosureDetector,
    EmbargoDetector,
    FirstContactPitchDetector,
    LanguageDetector,
    MissingDetector,
    NotDetector,
    PersonalDetector,
    QuietPeriodDetector,
    WordsDetector,
)
from shared.rules.detectors import PatternDetector as Pattern
from tests.shared.rules import personal_oracle

WHOLE = Span(0, -1)
ORDER = ["block", "hold", "advise"]
# Same, typed on other keyboards.
TYPED = {"’": "'", "‘": "'", "´": "'", "ʼ": "'", "‐": "-", "‑": "-", "İ": "i", "ı": "i"}


class Letter(NamedTuple):
    """One character of the folded text and the piece of the original from which it comes."""

    char: str
    start: int
    end: int


def matches(rules: Sequence[PlacedRule], draft: Draft) -> list[tuple[str, Span]]:
    """The rules that match and where, in the engine's order."""
    found = [(rule, _find(rule.rule.detect, draft)) for rule in rules]
    places = [(rule, span if span.end >= 0 else Span(0, len(draft.text))) for rule, span in found if span]
    places.sort(key=lambda one: (ORDER.index(one[0].rule.severity), one[1].start, one[0].rule.id))
    return [(rule.rule.id, span) for rule, span in places]


def letters(text: str, *, cased: bool = False) -> list[Letter]:
    """The text letter by letter: comparable, invisible characters gone, white space single (unless cased)."""
    made: list[Letter] = []
    for start, end in _pieces(text):
        piece = _typed(text[start:end], cased=cased)
        piece = unicodedata.normalize("NFKC", "".join(char for char in piece if not _hidden(char)))
        # Again: ligatures and letterlike signs have come apart.
        piece = _typed(piece, cased=cased)
        if not cased:
            piece = unicodedata.normalize("NFKC", piece.casefold()).replace("i\u0307", "i")
        made += [Letter(char, start, end) for char in piece]
    return made if cased else _single_spaces(made)


def _typed(text: str, *, cased: bool) -> str:
    return "".join(char if cased and char in "İı" else TYPED.get(char, char) for char in text)


def _pieces(text: str) -> list[tuple[int, int]]:
    """Each base character with the marks on it, whatever invisible characters stand between."""
    pieces: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        if _hidden(char):
            continue
        if pieces and _joins(char):
            pieces[-1] = (pieces[-1][0], at + 1)
        else:
            pieces.append((at, at + 1))
    return pieces


def _single_spaces(made: list[Letter]) -> list[Letter]:
    kept = [one if not one.char.isspace() else one._replace(char=" ") for one in made]
    kept = [one for at, one in enumerate(kept) if one.char != " " or (at and kept[at - 1].char != " ")]
    return kept[:-1] if kept and kept[-1].char == " " else kept


def _joins(char: str) -> bool:
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first).startswith("M") or unicodedata.name(first, "").startswith(
        ("HANGUL JUNGSEONG", "HANGUL JONGSEONG")
    )


def _hidden(char: str) -> bool:
    point = ord(char)
    listed = {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0}
    ranges = [
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xFE00, 0xFE0F),
        (0xFFF0, 0xFFF8),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    ]
    return point in listed or any(first <= point <= last for first, last in ranges)


def _find(detect: Detector, draft: Draft) -> Span | None:
    match detect:
        case AllDetector():
            spans = [_find(part, draft) for part in detect.all]
            return None if None in spans else _earliest([span for span in spans if span])
        case AnyDetector():
            return _earliest([span for part in detect.any if (span := _find(part, draft))])
        case NotDetector():
            return None if _find(detect.not_, draft) else WHOLE
        case WordsDetector() | Pattern() | DisclosureDetector() | PersonalDetector():
            return _find_in_text(detect, draft)
        case _:
            return _find_around_text(detect, draft)


def _find_in_text(detect: Detector, draft: Draft) -> Span | None:
    match detect:
        case WordsDetector():
            return _earliest(_words(detect, draft))
        case Pattern():
            return _pattern(detect.pattern, draft.text)
        case DisclosureDetector(disclosure=what):
            tags = _standing(draft.text, what.tags, substring=False)
            told = any(what.within is None or tag.end <= what.within for tag in tags)
            return None if draft.staff is False or told else _earliest(_standing(draft.text, what.of, substring=False))
        case PersonalDetector():
            made = letters(draft.text, cased=True)
            text = "".join(str(unicodedata.decimal(one.char, one.char)) for one in made)
            found = personal_oracle.places(text, detect.pii, detect.regions)
            return _earliest([Span(made[start].start, made[end - 1].end) for start, end in found])
        case _:
            raise NotImplementedError(type(detect))


def _find_around_text(detect: Detector, draft: Draft) -> Span | None:
    match detect:
        case EmbargoDetector(embargo=secret):
            over = draft.now is not None and draft.now >= _day(secret.until)
            return None if over else _earliest(_standing(draft.text, secret.words, substring=False))
        case QuietPeriodDetector(quiet_period=period):
            after = draft.now is None or draft.now >= _day(period.from_)
            before = draft.now is None or draft.now < _day(period.to) + timedelta(days=1)
            return WHOLE if after and before else None
        case FirstContactPitchDetector(first_contact_pitch=pitch):
            return _earliest(_standing(draft.text, pitch.words, substring=False)) if draft.first_contact else None
        case MissingDetector(missing="alt_text"):
            return WHOLE if [one for one in draft.media if one.kind == "image" and not one.alt_text] else None
        case MissingDetector():
            return WHOLE if [one for one in draft.media if one.kind != "image" and not one.captions] else None
        case LanguageDetector(language=spoken) if draft.language:
            allowed = [one.split("-")[0] for one in spoken.only]
            return None if draft.language.split("-")[0] in allowed else WHOLE
        case _:
            raise NotImplementedError(type(detect))


def _day(written: str) -> datetime:
    """The beginning of a day; the rules here have no times of day."""
    return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)


def _words(detect: WordsDetector, draft: Draft) -> list[Span]:
    words = list(detect.words)
    for language, more in detect.languages.items():
        if draft.language is None or draft.language.split("-")[0].lower() == language.split("-")[0]:
            words += more
    return _standing(draft.text, words, substring=detect.substring)


def _standing(text: str, keywords: Sequence[str], *, substring: bool) -> list[Span]:
    folded = letters(text)
    spans = []
    for keyword in keywords:
        wanted = [letter.char for letter in letters(keyword)]
        for at in range(len(folded) - len(wanted) + 1):
            here = folded[at : at + len(wanted)]
            if [letter.char for letter in here] != wanted:
                continue
            before, after = folded[at - 1 : at], folded[at + len(wanted) : at + len(wanted) + 1]
            inside = (before and _word(before[0].char) and _word(wanted[0])) or (
                after and _word(after[0].char) and _word(wanted[-1])
            )
            if substring or not inside:
                spans.append(Span(here[0].start, here[-1].end))
    return spans


def bounded(text: str, start: int, length: int) -> bool:
    """Tell whether no word goes on before `start`, nor `length` characters later unless that is 0."""
    after = text[start + length : start + length + 1] if length else ""
    return not (start and _word(text[start - 1])) and not (after and _word(after))


def _word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM" or char == "_"


def _pattern(pattern: str, text: str) -> Span | None:
    if found := re2.search(pattern, text):
        return Span(*found.span())
    made = letters(text, cased=True)
    if found := re2.search(pattern, "".join(letter.char for letter in made)):
        start, end = found.span()
        return Span(made[start].start, made[end - 1].end)
    return None


def _earliest(spans: Sequence[Span]) -> Span | None:
    return min(spans, key=lambda span: (span.end < 0, span.start, -span.end), default=None)
