"""Bodies of /export-schedules."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.training.schemas.fields import Patch
from services.training.tables import ExportContent, ExportFormat, RunState
from shared.schemas import Body, Resource, Slug

TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["02:30"])]
Hours = Annotated[int, Field(ge=1, le=168)]
Kept = Annotated[int, Field(ge=1, le=1000)]


class ExportScheduleIn(Body):
    """Which file to write when: at a time of day, or every some hours; times are in UTC.

    `keep` is how many files are kept; older ones are removed. `content: changes` holds what the change feed got since
    the file before, the first file all that it has.
    """

    key: Slug
    content: ExportContent = ExportContent.CERTIFICATES
    format: ExportFormat = ExportFormat.CSV
    certification: Slug | None = None
    daily_at: TimeOfDay | None = None
    every_hours: Hours | None = None
    keep: Kept = 30
    enabled: bool = True

    @model_validator(mode="after")
    def check_times(self) -> Self:
        """Refuse a schedule that says when twice, or not at all."""
        if (self.daily_at is None) == (self.every_hours is None):
            raise ValueError("must have either daily_at or every_hours")
        return self


class ExportSchedulePatch(Patch):
    """What changes about a schedule; naming one of `daily_at` and `every_hours` ends the other."""

    nullable = frozenset({"certification"})

    format: ExportFormat | None = None
    certification: Slug | None = None
    daily_at: TimeOfDay | None = None
    every_hours: Hours | None = None
    keep: Kept | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def check_times(self) -> Self:
        """Refuse a schedule that says when twice."""
        if self.daily_at is not None and self.every_hours is not None:
            raise ValueError("must not have both daily_at and every_hours")
        return self


class ExportScheduleOut(Resource):
    """Which file is written when; `next_due_at` is null while it is switched off."""

    id: str
    key: str
    content: ExportContent
    format: ExportFormat
    certification: str | None
    daily_at: str | None
    every_hours: int | None
    keep: int
    enabled: bool
    next_due_at: datetime | None
    revision: int


class ExportRunOut(Resource):
    """A file: where it is in the export folder, what it holds, or why it is not there yet.

    `cursor_from` and `cursor_to` are cursors of the change feed: a file of certificates reflects all up to `cursor_to`.
    """

    id: str
    schedule: str
    due_at: datetime
    state: RunState
    tries: int
    error: str | None
    as_of: datetime | None
    file: str | None
    rows: int | None
    bytes: int | None
    sha256: str | None
    cursor_from: str | None
    cursor_to: str | None
    written_at: datetime | None
