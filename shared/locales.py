"""Languages as BCP 47 tags: in one spelling, and which of several serves a reader."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

TAG = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$"


def spelled(tag: str) -> str:
    """Spell a tag as BCP 47 does: `pt-br` is `pt-BR`, `ZH-hant` is `zh-Hant`."""
    language, *rest = tag.split("-")
    return "-".join([language.lower(), *(spelled_part(part) for part in rest)])


def spelled_part(part: str) -> str:
    """Spell a script with one capital letter, a region with capitals only, anything else small."""
    if re.fullmatch(r"[A-Za-z]{4}", part):
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()


Locale = Annotated[str, Field(pattern=TAG, max_length=35, examples=["de"]), AfterValidator(spelled)]
"""A BCP 47 tag such as `de` or `pt-BR`."""


def serves(locale: str, asked: str) -> bool:
    """Say whether who asks for a language can read a locale: `de` and `de-AT` serve each other, `de-CH` and `de-AT` do not."""
    return locale == asked or asked.startswith(f"{locale}-") or locale.startswith(f"{asked}-")


def best_first(available: Iterable[str], asked: str) -> list[str]:
    """Return the locales that serve who asks: the very one, then ever wider ones, then narrower ones."""
    serving = [locale for locale in available if serves(locale, asked)]
    return sorted(serving, key=lambda locale: (len(locale) > len(asked), -len(locale), locale))
