"""What our own words around a policy are in each language we speak, and which languages are written from the right."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "components" / "phrases.json"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "ps", "sd", "ug", "yi", "dv", "ckb"})
FALLBACK = "en"

Say = Callable[..., str]


@cache
def spoken() -> dict[str, dict[str, str]]:
    """Return the phrases of each language, which the web components speak, too."""
    phrases: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return phrases


def language_for(*wanted: str) -> str:
    """Return the first language that we speak, English if it is none of them."""
    return next((tag.split("-")[0] for tag in wanted if tag.split("-")[0] in spoken()), FALLBACK)


def phrases_in(language: str) -> Say:
    """Return what says a phrase in a language, with its values put in."""
    phrases = spoken()[language]
    return lambda name, **values: phrases[name].format(**values)


def direction(tag: str) -> str:
    """Return the direction of writing, as HTML's `dir` has it."""
    return "rtl" if tag.split("-", maxsplit=1)[0] in RIGHT_TO_LEFT else "ltr"
