"""Answers to a search."""

from typing import Literal

from shared.schemas import Resource

Kind = Literal["policy", "faq"]


class HitOut(Resource):
    """A section in force, in one of its languages, or an FAQ entry (no `locale`) that has the words.

    `snippet` is HTML with each of the words in `<mark>`.
    """

    kind: Kind
    policy: str
    version: int | None
    locale: str | None
    section: str
    entry: str | None
    title: str
    snippet: str
