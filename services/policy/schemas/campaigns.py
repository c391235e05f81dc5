"""Bodies of acknowledgement campaigns."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.schemas import Body, EmployeeNumber, Line, Moment, Paragraph, Resource, Slug

Names = Annotated[list[Line], Field(max_length=200)]


class Audience(Body):
    """Who must accept: everybody, or who is of one of these departments, of one of these regions and holds one of these certifications; an empty list asks for nothing."""

    departments: Names = Field(default_factory=list)
    regions: Names = Field(default_factory=list)
    certifications: Annotated[list[Slug], Field(max_length=50)] = Field(default_factory=list)


class CampaignIn(Body):
    """A campaign to begin: for what is in force of a policy, and for each material version after it."""

    policy: Slug
    title: Line
    audience: Annotated[Audience, Field(description="Empty: everyone.")] = Audience()
    due_at: Annotated[Moment, Field(description="By when who is asked today must have accepted.")]
    days: Annotated[
        int,
        Field(ge=1, le=365, description="Days that joiners have, and everyone after a later material version."),
    ] = 14
    reminders: Annotated[
        list[Annotated[int, Field(ge=-365, le=365)]],
        Field(max_length=20, description="Days from a person's due date; -7 is a week before.", examples=[[-7, -1, 1]]),
    ] = Field(default_factory=lambda: [-7, -1])
    escalate_after: Annotated[
        int | None, Field(ge=0, le=365, description="Days after the due date when the manager is told; null: never.")
    ] = None
    employee_number: EmployeeNumber | None = None

    @model_validator(mode="after")
    def order_reminders(self) -> Self:
        """Each day once, in their order."""
        self.reminders = sorted(set(self.reminders))
        return self


class CampaignChange(Body):
    """What to change of a campaign; what is left out stays. A new date holds for who has not accepted yet."""

    title: Line | None = None
    due_at: Moment | None = None
    audience: Audience | None = None


class ClosureIn(Body):
    """A wish to ask nobody any more; nothing more is needed."""


class ExemptionIn(Body):
    """Who need not accept, and why."""

    employee_number: EmployeeNumber
    reason: Paragraph


class Counts(Resource):
    """How many stand where; null to who may not read names, where it would be a matter of a few people."""

    people: int | None = None
    done: int | None = None
    missing: int | None = None
    overdue: int | None = None
    exempt: int | None = None


class CampaignOut(Resource):
    """A campaign and how far it is; `asked_version` is the first version whose acceptance counts.

    `edition` counts its changes; the ETag follows its counts as well.
    """

    id: str
    policy: str
    title: str
    state: Literal["open", "closed"]
    audience: Audience
    due_at: datetime
    days: int
    reminders: list[int]
    escalate_after: int | None
    created_at: datetime
    asked_since: datetime
    closed_at: datetime | None
    asked_version: int
    counts: Counts
    edition: int


class GroupCounts(Counts):
    """How many of a department or region stand where; `other` is all that are too small to be shown alone."""

    name: str


class StatisticsOut(Resource):
    """A campaign in figures; groups with fewer people than `minimum` are shown together, or not at all."""

    campaign: str
    by: Literal["department", "region"]
    minimum: int
    total: Counts
    groups: list[GroupCounts]


class PersonInCampaign(Resource):
    """Where a person stands in a campaign."""

    employee_number: str
    name: str
    department: str
    status: Literal["done", "missing", "overdue", "exempt"]
    asked_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    exempt: str | None
