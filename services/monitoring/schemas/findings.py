"""Findings, and what coaches do about them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from services.monitoring.tables import Finding
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource, Slug

FindingState = Literal["open", "claimed", "guided", "appealed", "dismissed", "closed"]
Severity = Literal["advise", "hold", "block"]


Languages = Annotated[
    list[Annotated[str, Field(pattern=r"^(\*|[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3})$")]],
    Field(max_length=20, examples=[["de", "fr"]]),
]
"""Languages that somebody reads; `*` stands for all."""


class ClaimIn(Body):
    """Who takes a finding on: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class ReleaseIn(Body):
    """Who gives a finding back: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class OpeningIn(Body):
    """Who wants to see the text: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class DismissalIn(Body):
    """Why a finding needs nothing."""

    reason: Annotated[Paragraph, Field(examples=["The word is part of a quotation."])]
    employee_number: EmployeeNumber | None = None


class SuspensionIn(Body):
    """Why a certificate of the author should not count for now; somebody else decides."""

    certification: Annotated[Slug, Field(examples=["responder"])]
    reason: Annotated[Paragraph, Field(examples=["Insulted three customers in a row, and does not want to talk."])]
    employee_number: EmployeeNumber | None = None


class SuspensionOut(Resource):
    """What was proposed; training keeps the proposal under this id, and lets somebody else decide."""

    id: str
    finding: str
    certificate: str
    certification: str
    reason: str
    proposed_at: datetime


class SpanOut(Resource):
    """A place in the text, in code points."""

    start: int
    end: int


class FindingOut(Resource):
    """A rule that matched a post, and how far it has come; `disturbing` says that the text is hard to read."""

    id: str
    post: str
    rule: str
    policy: str
    version: int
    section: str
    severity: str
    span: SpanOut
    state: FindingState
    network: str
    person: str | None
    department: str | None
    coach: str | None
    opened_at: datetime
    claimed_at: datetime | None
    changed_at: datetime
    reason: str | None
    disturbing: bool
    mended: bool
    revision: int

    @classmethod
    def of(cls, finding: Finding, person: str | None, coach: str | None) -> Self:
        """Show a finding with the employee numbers of whom it concerns and who works on it."""
        span = {"start": finding.span_start, "end": finding.span_end}
        return cls.model_validate({**finding.model_dump(), "span": span, "person": person, "coach": coach})


class OpeningOut(Resource):
    """The text that a finding is about; `left_today` is how many more disturbing ones the coach can open."""

    finding: str
    post: str
    text: str
    opened_at: datetime
    left_today: int | None


class WaitingOut(FindingOut):
    """A finding in the queue with what it is about; the text is missing until a disturbing one is opened."""

    language: str | None
    topic: str | None
    text: str | None
    withheld: bool


class PraiseWantedOut(Resource):
    """So many corrections since the coach last praised, and posts by others in which no rule found anything."""

    corrections: int
    posts: list[str]


class QueueOut(Resource):
    """What waits for a coach: the gravest first, and of those the oldest.

    `in_hand` is what the coach has taken on, of at most `capacity`; `other_languages` counts what waits in languages
    that they have not named. `praise` says that it is time for a kind word, and where one might fit.
    """

    items: list[WaitingOut]
    next_cursor: str | None
    in_hand: int
    capacity: int
    other_languages: int
    praise: PraiseWantedOut | None


class NextIn(Body):
    """Who takes on what comes next, and what they would rather have; languages are theirs unless named."""

    employee_number: EmployeeNumber | None = None
    topic: Annotated[str, Field(max_length=64)] | None = None
    severity: Severity | None = None
    languages: Languages | None = None
