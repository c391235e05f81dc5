"""Answers to a search."""

from typing import Literal

from shared.schemas import Resource

Kind = Literal["policy", "faq"]


class HitOut(Resource):
    """A section in force, or an FAQ entry, that has the words; `snippet` is HTML with each of them in `<mark>`."""

    kind: Kind
    policy: str
    version: int | None
    section: str
    entry: str | None
    title: str
    snippet: str
