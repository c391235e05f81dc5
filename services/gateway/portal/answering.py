"""Answers to questions as a form sends them: from fields of a page to what the API takes, for each kind of question."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Lists = Mapping[str, list[str]]

FORMS = {"matching": "pairs", "ordering": "order", "short_text": "text", "numeric": "number"}
"""In which form a kind of question is answered; all others by the ids of options."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: in which form, and what it is."""

    form: str
    value: Any

    @property
    def body(self) -> dict[str, Any]:
        """What the API takes."""
        return {self.form: self.value}

    @property
    def given(self) -> bool:
        """Whether anything was answered."""
        return self.value not in ("", None, [], {})

    def changes(self, item: dict[str, Any]) -> bool:
        """Tell whether it is another answer than the one that is kept."""
        kept = (item.get("answer") or {}).get(self.form)
        if self.value is None or (kept is None and not self.given):
            return False
        return sorted(kept or []) != sorted(self.value) if self.form == "options" else bool(kept != self.value)


class NoNumber(str):
    """What was written where a number is asked for."""

    __slots__ = ()


def read_answer(item: dict[str, Any], lists: Lists, language: str) -> Answered | NoNumber:
    """Return the answer that a form has for a question.

    Fields are named by the question (`<item>`), and those of several parts by the part as well (`<item>:<part>`).
    """
    form = FORMS.get(item["kind"], "options")
    if form == "pairs":
        parts = {prompt["id"]: first(lists, f"{item['id']}:{prompt['id']}") for prompt in item["prompts"]}
        return Answered(form, {prompt: choice for prompt, choice in parts.items() if choice})
    if form == "order":
        return Answered(form, read_order(item, lists))
    written = first(lists, item["id"]).strip()
    if form == "text":
        return Answered(form, written)
    if form == "number":
        number = read_number(written, language)
        return NoNumber(written) if written and number is None else Answered(form, number)
    return Answered(form, lists.get(item["id"], []))


def read_order(item: dict[str, Any], lists: Lists) -> list[str]:
    """Return the entries by the places that were chosen; entries with the same place stay as they were shown."""
    places = {option["id"]: first(lists, f"{item['id']}:{option['id']}") for option in item["options"]}
    if not all(place.isdecimal() for place in places.values()):
        return []
    return sorted(places, key=lambda option: int(places[option]))


def read_number(written: str, language: str) -> float | None:
    """Return a number as it is written in a language; None for what is none."""
    from babel.numbers import NumberFormatError, parse_decimal

    try:
        return float(parse_decimal(written, locale=language))
    except NumberFormatError:
        return None


def first(lists: Lists, name: str) -> str:
    """Return the first value of a field; empty where there is none."""
    return next(iter(lists.get(name, ())), "")


def answered(item: dict[str, Any]) -> bool:
    """Tell whether a question has an answer that is kept."""
    kept = item.get("answer") or {}
    return any(value not in (None, "", [], {}) for value in kept.values())
