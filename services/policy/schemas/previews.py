"""Bodies of previews: a source as it would be read, of which nothing is kept."""

from typing import Annotated

from pydantic import Field

from services.policy.schemas.lint import LintFinding, LintGrade
from services.policy.schemas.policies import Content, Source
from shared.schemas import Body, Resource


class PreviewIn(Body):
    """A source to look at; nothing of it is kept."""

    source: Source


class PlacedFinding(Resource):
    """What the linter says, and the line of the source it is about; null where the whole is meant."""

    line: Annotated[int | None, Field(description="Counts from 1.")]
    finding: LintFinding


class PlacedSection(Resource):
    """The line of the source at which a section begins."""

    section: str
    line: Annotated[int, Field(description="Counts from 1.")]


class PreviewOut(Resource):
    """A source as it would be read: its sections and rules, examples that fail, and what the linter says."""

    content: Content
    places: list[PlacedSection]
    readability: LintGrade
    findings: Annotated[list[PlacedFinding], Field(description="The 500 most serious.")]
