"""Bodies of /enrolments, /attempts and /completions."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.training.schemas.courses import ModuleOut
from shared.schemas import Body, EmployeeNumber, Line, Moment, Resource, Slug, Text


class EnrolmentIn(Body):
    """Puts a person on a course; a person who signed in enrols themself."""

    employee_number: EmployeeNumber | None = None
    course: Slug


class ModuleProgress(ModuleOut):
    """A module of an enrolment: whether it is done, and the sitting that is open."""

    done: bool
    open_attempt: str | None = None


class EnrolmentOut(Resource):
    """A person on a version of a course."""

    id: str
    employee_number: str
    course: str
    version: int
    created_at: datetime
    completed_at: datetime | None
    modules: list[ModuleProgress] = Field(default=[])


class AttemptIn(Body):
    """Which quiz to sit; the first that is not passed unless named."""

    module: Slug | None = None


class DrawnOption(Resource):
    """An option of a drawn question; `index` is its place in the bank, which only the server knows."""

    id: str
    index: int


class DrawnItem(Resource):
    """A question drawn for one sitting, as the server keeps it."""

    id: str
    question: str
    options: list[DrawnOption]


class OptionOut(Resource):
    """An option as the person sees it."""

    id: str
    text: str


class ItemOut(Resource):
    """A question as the person sees it; `chosen` are the options chosen so far."""

    id: str
    kind: str
    text: str
    options: list[OptionOut]
    chosen: list[str] = Field(default=[])


class ItemResult(Resource):
    """How one question went, and what can be learnt from it."""

    id: str
    correct: bool
    feedback: str | None


class ResultOut(Resource):
    """How a sitting went; `score` is the share of right answers."""

    id: str
    enrolment: str
    score: float
    passed: bool
    submitted_at: datetime
    items: list[ItemResult]


class AttemptOut(Resource):
    """One sitting of a quiz; `result` once it is submitted."""

    id: str
    enrolment: str
    module: str
    started_at: datetime
    submitted_at: datetime | None
    items: list[ItemOut]
    result: ResultOut | None = None


class AnswerIn(Body):
    """The ids of the options chosen."""

    options: Annotated[list[Annotated[Text, Field(max_length=36)]], Field(max_length=20)]


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
