"""Bodies of /enrolments and /completions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.training.schemas.courses import ModuleOut
from shared.schemas import Body, EmployeeNumber, Line, Moment, Resource, Slug, Text


class EnrolmentIn(Body):
    """Puts a person on a course; a person who signed in enrols themself."""

    employee_number: EmployeeNumber | None = None
    course: Slug


class Lock(Resource):
    """One reason why a module cannot be begun yet; `opens_at` where only time has to pass."""

    reason: Literal["course", "module", "date", "policy"]
    detail: str
    course: str | None = None
    module: str | None = None
    opens_at: datetime | None = None


class ModuleProgress(ModuleOut):
    """A module of an enrolment: whether it is locked, open or done, why and until when, and what is under way."""

    state: Literal["locked", "open", "done"]
    done: bool
    done_at: datetime | None = None
    locked_by: list[Lock] = Field(default=[])
    opens_at: datetime | None = None
    """When it opens by itself; null where something has to be done first."""
    due_at: datetime | None = None
    open_attempt: str | None = None
    open_run: str | None = None
    submission: str | None = None
    """The last thing handed in for a practical task."""


class PositionIn(Body):
    """Where a person left off: a module and, of its text, a share of 1 or an anchor that the client knows."""

    module: Slug
    place: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    anchor: Annotated[Text, Field(max_length=200)] | None = None


class Position(Resource):
    """Where a person left off, and when."""

    module: str
    place: float
    anchor: str | None = None
    at: datetime


class EnrolmentOut(Resource):
    """A person on a version of a course; `next` is the module to go on with, null while none is open."""

    id: str
    employee_number: str
    course: str
    version: int
    title: str | None = None
    locale: str | None = None
    newer_version: int | None = None
    """The version in force, where it is another one, to which the person may move."""
    created_at: datetime
    due_at: datetime | None = None
    overdue: bool = False
    completed_at: datetime | None
    rule: str | None = None
    """The rule by which the person was put on the course; null where somebody did it."""
    withdrawn_at: datetime | None = None
    """Since when the course is not asked of the person any more."""
    position: Position | None = None
    next: str | None = None
    minutes: int | None = None
    minutes_left: int | None = None
    modules: list[ModuleProgress] = Field(default=[])


class CompletionIn(Body):
    """What a person learnt elsewhere: one of `course` and `external_course`."""

    employee_number: EmployeeNumber
    course: Slug | None = None
    external_course: Line | None = None
    completed_at: Moment
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    source: Annotated[Text, Field(min_length=1, max_length=100)]
    evidence: Annotated[Text, Field(max_length=2000)] | None = None


class CompletionOut(Resource):
    """A completed course; `course` is null while nobody has said which of ours an external course stands for."""

    id: str
    employee_number: str
    course: str | None
    external_course: str | None
    completed_at: datetime
    score: float | None
    source: str
    evidence: str | None
