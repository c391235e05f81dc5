"""Bodies of translations, and what is kept of one."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.policy.schemas.policies import SourceWarning
from shared.schemas import Body, EmployeeNumber, Resource, Text


class TranslationIn(Body):
    """A version in another language; a key may name who translated it."""

    source: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=200_000,
            description="Markdown; each heading ends with the `{#id}` of the section it translates. Sections may be "
            "left out. Front matter may give the title. Rules stay in the version's own source.",
            examples=[
                "---\ntitle: Richtlinie\n---\n# Sprich als du selbst {#speak-as-yourself}\nSag, wo du arbeitest."
            ],
        ),
    ]
    employee_number: EmployeeNumber | None = None


class TranslatedSection(BaseModel):
    """A section in another language; `source_hash` is that of the section it was translated from."""

    id: str
    heading: str
    html: str
    markdown: str
    text: str
    source_hash: str


class Translated(BaseModel):
    """What is kept of a translation; `source_title` is the title that `title` was translated from."""

    title: str | None
    source_title: str | None
    sections: list[TranslatedSection]
    warnings: list[SourceWarning]


class TranslatedSectionOut(Resource):
    """Where the translation of a section stands; `version` is the one for which it was written."""

    id: str
    status: Literal["current", "out_of_date", "missing"]
    out_of_date: bool
    source_heading: str
    source_hash: str
    translated_from: str | None
    version: int | None
    heading: str | None
    html: str | None
    markdown: str | None


class TranslationLine(Resource):
    """A language of a version: how many of its sections are current, out of date or missing."""

    locale: str
    current: int
    out_of_date: int
    missing: int


class TranslationOut(TranslationLine):
    """A version in another language, section by section; `edition` counts what was written for this very version.

    A section that was not written for this version is taken over from an earlier one, as long as its source is the same.
    """

    policy: str
    number: int
    title: str | None
    sections: list[TranslatedSectionOut]
    warnings: list[SourceWarning]
    author: str | None
    updated_at: datetime | None
    edition: int
