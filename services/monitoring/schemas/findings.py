"""Findings and the guidance that comes of them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from services.monitoring.tables import Finding, Guidance
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource

FindingState = Literal["open", "claimed", "guided", "appealed", "dismissed", "closed"]
GuidanceState = Literal["given", "acknowledged", "appealed"]


class ClaimIn(Body):
    """Who takes a finding on: the caller, or whom a key names."""

    employee_number: EmployeeNumber | None = None


class GuidanceIn(Body):
    """What a coach tells the author of a post."""

    message: Annotated[Paragraph, Field(examples=["Glad it kept you dry! Please say that you work with us."])]
    better_wording: Paragraph | None = None
    employee_number: EmployeeNumber | None = None


class DismissalIn(Body):
    """Why a finding needs nothing."""

    reason: Annotated[Paragraph, Field(examples=["The word is part of a quotation."])]
    employee_number: EmployeeNumber | None = None


class AcknowledgementIn(Body):
    """That the guidance is accepted."""


class AppealIn(Body):
    """Why another coach should look again."""

    reason: Annotated[Paragraph, Field(examples=["I had said so in the post before."])]


class SpanOut(Resource):
    """A place in the text, in code points."""

    start: int
    end: int


class FindingOut(Resource):
    """A rule that matched a post, and how far it has come."""

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
    changed_at: datetime
    reason: str | None
    revision: int

    @classmethod
    def of(cls, finding: Finding, person: str | None, coach: str | None) -> Self:
        """Show a finding with the employee numbers of whom it concerns and who works on it."""
        span = {"start": finding.span_start, "end": finding.span_end}
        return cls.model_validate({**finding.model_dump(), "span": span, "person": person, "coach": coach})


class GuidanceOut(Resource):
    """What a person was told."""

    id: str
    finding: str
    person: str | None
    coach: str
    message: str
    better_wording: str | None
    state: GuidanceState
    appeal: str | None
    given_at: datetime
    changed_at: datetime
    revision: int

    @classmethod
    def of(cls, guidance: Guidance, person: str | None, coach: str) -> Self:
        """Show guidance with the employee numbers of both sides."""
        return cls.model_validate({**guidance.model_dump(), "person": person, "coach": coach})
