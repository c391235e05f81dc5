"""Bodies of /enrolment-rules, /learning-paths, /catalogue and of enrolments by list."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.certificates import Names
from services.training.schemas.fields import Patch
from shared.schemas import Body, EmployeeNumber, Line, Resource, Slug, Text

Due = Annotated[int, Field(ge=1, le=3650)]
Summary = Annotated[Text, Field(max_length=5000)]


class Role(StrEnum):
    """What somebody can be in the task team."""

    LEAD = "lead"
    REVIEWER = "reviewer"
    COACH = "coach"


class RuleAudience(Body):
    """Who is meant: whoever fits what is named of `all`, or of `any`, kinds; everyone where nothing is named.

    `groups` are names or ids of groups that an identity provider fills, `roles` are those of the task team, `titles` job
    titles as they are written in a person's entry.
    """

    match: Literal["all", "any"] = "all"
    departments: Names | None = None
    regions: Names | None = None
    titles: Names | None = None
    groups: Names | None = None
    roles: Annotated[list[Role], Field(min_length=1, max_length=10)] | None = None


class Occasion(StrEnum):
    """When a rule looks at people: once it is made or changed, when somebody joins, or when something of them changes."""

    MADE = "made"
    JOINS = "joins"
    MOVES = "moves"


class Otherwise(StrEnum):
    """What becomes of the enrolments of somebody who is not of the audience any more."""

    KEEP = "keep"
    UNENROL = "unenrol"


Occasions = Annotated[list[Occasion], Field(min_length=1, max_length=3)]


class Target(Body):
    """What people are put on: a course, a learning path, or the courses that they lack for a certification."""

    course: Slug | None = None
    path: Slug | None = None
    certification: Slug | None = None

    @model_validator(mode="after")
    def check_one(self) -> Self:
        """Refuse no target, or several."""
        if sum(name is not None for name in (self.course, self.path, self.certification)) != 1:
            raise ValueError("name one of course, path and certification")
        return self


class RuleIn(Target):
    """A rule; `due_days` count from when it finds somebody, a path's steps have days of their own."""

    key: Slug
    title: Line
    audience: RuleAudience = Field(default_factory=RuleAudience)
    due_days: Due | None = None
    applies: Occasions = Field(default=list(Occasion))
    otherwise: Otherwise = Otherwise.KEEP


class RulePatch(Patch):
    """What changes about a rule; what it puts people on stays what it is. A rule that is not `enabled` rests."""

    nullable = frozenset({"due_days"})

    title: Line | None = None
    audience: RuleAudience | None = None
    due_days: Due | None = None
    applies: Occasions | None = None
    otherwise: Otherwise | None = None
    enabled: bool | None = None


class RuleOut(Resource):
    """A rule, and of how many people it asks something today; `edition` counts its changes."""

    id: str
    key: str
    title: str
    audience: RuleAudience
    course: str | None
    path: str | None
    certification: str | None
    due_days: int | None
    applies: list[Occasion]
    otherwise: Otherwise
    enabled: bool
    people: int
    edition: int


class AudiencePreview(Resource):
    """Whom an audience means today."""

    people: int
    employee_numbers: list[str]


class Step(Body):
    """A course of a path; `due_days` count from when somebody begins the path. Nobody is put on an `optional` one."""

    course: Slug
    optional: bool = False
    due_days: Due | None = None


def refuse_unfit(steps: list[Step]) -> None:
    """Refuse a course named twice, or a path of which nothing is asked."""
    courses = [step.course for step in steps]
    if len(set(courses)) < len(courses):
        raise ValueError("a path names a course once")
    if all(step.optional for step in steps):
        raise ValueError("at least one course of a path is not optional")


Steps = Annotated[list[Step], Field(min_length=1, max_length=30)]


class PathIn(Body):
    """A learning path; `in_order` puts people on a course only when those before it are done."""

    key: Slug
    title: Line
    summary: Summary = ""
    in_order: bool = True
    steps: Steps

    @model_validator(mode="after")
    def check_steps(self) -> Self:
        """Refuse steps that make no path."""
        refuse_unfit(self.steps)
        return self


class PathPatch(Patch):
    """What changes about a path; who is on it goes on with the steps as they are now."""

    title: Line | None = None
    summary: Summary | None = None
    in_order: bool | None = None
    steps: Steps | None = None

    @model_validator(mode="after")
    def check_steps(self) -> Self:
        """Refuse steps that make no path."""
        if self.steps is not None:
            refuse_unfit(self.steps)
        return self


class PathOut(Resource):
    """A learning path."""

    id: str
    key: str
    title: str
    summary: str
    in_order: bool
    steps: list[Step]
    revision: int


class PathMemberIn(Body):
    """Puts a person on a path; a person who signed in puts themself on it."""

    employee_number: EmployeeNumber | None = None


class StepProgress(Step):
    """How far a person is with a step: `waiting` for those before it, or `offered` where it is optional."""

    title: str
    state: Literal["waiting", "offered", "open", "done"]
    due_at: datetime | None
    enrolment: str | None
    completed_at: datetime | None


class PathProgress(Resource):
    """A person on a path; `completed_at` once all that is not optional is done."""

    employee_number: str
    path: str
    title: str
    rule: str | None
    started_at: datetime
    completed_at: datetime | None
    done: int
    of: int
    steps: list[StepProgress]


class BatchIn(Body):
    """Puts people on a course, by a list; `due_days` count from now, else as the course says."""

    course: Slug
    employee_numbers: Annotated[list[EmployeeNumber], Field(min_length=1, max_length=500)]
    due_days: Due | None = None


class BatchItem(Resource):
    """What became of one line: `unknown` is who is not known, or left."""

    employee_number: str
    outcome: Literal["enrolled", "resumed", "already_enrolled", "already_completed", "unknown"]
    enrolment: str | None


class BatchOut(Resource):
    """A report, in the order of the list."""

    enrolled: int
    items: list[BatchItem]


class OfferIn(Body):
    """Who may take a course of their own will: nobody, or an audience, which is everyone where nothing is named."""

    self_service: bool = True
    audience: RuleAudience = Field(default_factory=RuleAudience)


class OfferOut(Resource):
    """Who may take a course of their own will."""

    course: str
    self_service: bool
    audience: RuleAudience
    revision: int


class CatalogueItem(Resource):
    """A course that a person may take of their own will, and where they are with it."""

    course: str
    title: str
    summary: str
    locale: str
    minutes: int | None
    prerequisites: list[str]
    enrolment: str | None
    """The enrolment that is not completed, if there is one."""
    completed_at: datetime | None
