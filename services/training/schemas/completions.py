"""Bodies of what was learnt elsewhere: files of completions, and other systems' names for courses."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, Line, Resource, Slug


class CompletionRow(Resource):
    """What became of one row of a file of completions; `row` counts from 1, the header not included."""

    row: int
    employee_number: str
    outcome: Annotated[Literal["created", "unchanged", "rejected"], Field(examples=["created"])]
    detail: str | None = None


class CompletionImportOut(Resource):
    """What a file of completions did, or would do when it was a dry run; `rows` are those to look at, at most 1,000.

    They are the rejected ones, and those whose course nobody has mapped yet.
    """

    dry_run: bool
    created: int
    unchanged: int
    rejected: int
    unmapped_courses: list[str]
    encoding: Annotated[str, Field(examples=["utf-8"])]
    delimiter: Annotated[str, Field(examples=[","])]
    ignored_columns: list[str]
    rows: list[CompletionRow]


class ExternalCourseIn(Body):
    """The course of ours for which a course of another system stands."""

    course: Slug


class ExternalCourseOut(Resource):
    """A course of another learning system: how often it was completed, and what it counts for, if anything."""

    name: Line
    course: str | None
    completions: int
    last_completed_at: datetime | None
