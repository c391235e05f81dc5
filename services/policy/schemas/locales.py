"""Locales as BCP 47 tags, in the one spelling by which they are compared."""

import re
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
