"""What pages say, in the language of who reads them: English as written, other languages from `translations/`.

A text is marked in templates and code with `_()`. Each room has a file of its own (`translations/de/<room>.po`); what
lacks is found by `tests/gateway/test_words.py`. Dates and numbers follow the language, too.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

TRANSLATIONS = Path(__file__).parent / "translations"
SOURCE = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "shareload_language"
NETWORKS = {
    "bluesky": "Bluesky",
    "facebook": "Facebook",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "reddit": "Reddit",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X",
    "youtube": "YouTube",
}
"""How networks write their own names; any other is shown as it is."""


class Words:
    """One language: its texts, and how it writes dates and numbers."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.texts = read_texts(language)

    def say(self, text: str, **values: Any) -> str:
        """Return a text in this language, with values put in its `%(name)s`."""
        found = self.texts.get(text, text)
        chosen = found if isinstance(found, str) else found[0]
        return chosen % values if values else chosen

    def count(self, one: str, many: str, number: int, **values: Any) -> str:
        """Return a text in the form that a number asks for, one of two; the number itself is `%(num)s`."""
        found = self.texts.get(one)
        forms = found if isinstance(found, tuple) else (one, many)
        return forms[0 if number == 1 else 1] % {"num": self.number(number), **values}

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number."""
        from babel.numbers import format_decimal

        return format_decimal(round(value, digits), locale=self.language)

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share of 1 as a percentage."""
        from babel.numbers import format_percent

        return format_percent(round(share, digits + 2), locale=self.language, decimal_quantization=False)

    def day(self, at: str | datetime | date) -> str:
        """Write a day: 3 March 2026."""
        from babel.dates import format_date

        return format_date(moment(at), "d MMMM y" if self.language == SOURCE else "long", locale=self.language)

    def time(self, at: str | datetime) -> str:
        """Write a day and time, in UTC, as pages have it until the browser puts its own time zone in its place."""
        from babel.dates import format_datetime

        pattern = "d MMM y, HH:mm" if self.language == SOURCE else "d. MMM y, HH:mm"
        return format_datetime(moment(at), pattern, locale=self.language)

    def ago(self, at: str | datetime, now: datetime) -> str:
        """Write how long ago something was, or in how long it will be."""
        from babel.dates import format_timedelta

        distance = moment(at) - now
        if abs(distance) < timedelta(seconds=5):
            return self.say("just now")
        return format_timedelta(distance, add_direction=True, locale=self.language, threshold=1.2)

    def language_name(self, code: str) -> str:
        """Write a language's name in this one."""
        from babel import Locale, UnknownLocaleError

        try:
            return Locale.parse(code.replace("-", "_")).get_display_name(self.language) or code
        except (UnknownLocaleError, ValueError):
            return code


def network_name(network: str | None) -> str:
    """Write a network's name as it does itself; nothing where none is named."""
    return NETWORKS.get(network, network.capitalize()) if network else ""


def moment(at: str | datetime | date) -> datetime:
    """Return a time as the API writes it, or a day, as an aware time."""
    if isinstance(at, datetime):
        return at
    if isinstance(at, date):
        return datetime(at.year, at.month, at.day, tzinfo=UTC)
    read = datetime.fromisoformat(at)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@cache
def words_of(language: str) -> Words:
    """Return a language, read once."""
    return Words(language)


def read_texts(language: str) -> dict[str, str | tuple[str, ...]]:
    """Return all that rooms say in a language, by what it is in English."""
    texts: dict[str, str | tuple[str, ...]] = {}
    if language == SOURCE:
        return texts
    from babel.messages.pofile import read_po

    for file in sorted((TRANSLATIONS / language).glob("*.po")):
        with file.open("rb") as opened:
            for message in read_po(opened, locale=language):
                if message.id and message.string:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    texts[key] = message.string if isinstance(message.string, str) else tuple(message.string)
    return texts


def language_of(request: Request) -> str:
    """Return the language to answer in: the one chosen on a page, else the first of the browser's that there is."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return SOURCE
