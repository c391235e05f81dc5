"""What the linter says of a version."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Resource

LintSeverity = Literal["error", "warning", "notice"]


class LintSource(Resource):
    """What a finding rests on."""

    name: Annotated[str, Field(examples=["National Labor Relations Board"])]
    citation: Annotated[str, Field(examples=["Stericycle, Inc., 372 NLRB No. 113 (August 2, 2023)"])]
    dated: date
    url: str | None = None
    checked: Annotated[
        date | None,
        Field(
            description="When the citation was last compared with a public text that names it, by no lawyer; null: never.",
            examples=["2026-11-23"],
        ),
    ] = None


class LintSpan(Resource):
    """A place in a section's Markdown: code points, the end not included."""

    start: int
    end: int


class LintFinding(Resource):
    """A clause, or a lack, that somebody should look at; `section` is null where the whole version is meant."""

    rule: Annotated[str, Field(examples=["us-media-contact"])]
    severity: LintSeverity
    jurisdiction: Annotated[str, Field(description="ISO 3166 country, `EU`, or `any`.", examples=["US"])]
    date: Annotated[date, Field(description="Since when this is so.")]
    source: LintSource
    section: str | None
    span: LintSpan | None
    quote: Annotated[str | None, Field(description="The clause as it is written.")]
    policy_rule: Annotated[str | None, Field(description="The rule of the policy that is meant, if one is.")]
    why: str
    narrower_wording: str


class LintPack(Resource):
    """A pack of lint rules that was applied."""

    pack: str
    title: str
    jurisdiction: str
    rules: int


class LintGrade(Resource):
    """How many years of school the text asks for, and by which measure."""

    grade: float
    measure: str
    words: int


class LintOut(Resource):
    """What the linter says of a version as the law stood on a day; it is no legal advice."""

    policy: str
    version: int
    content_hash: str
    locale: str
    as_of: date
    readability: LintGrade
    packs: list[LintPack]
    counts: dict[LintSeverity, int]
    findings: Annotated[list[LintFinding], Field(description="The 500 most serious; `counts` has all.")]
