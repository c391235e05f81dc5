"""How far people are trusted to answer customers by themselves, and reviews of what went out."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.monitoring.schemas.conversations import ReplyOut
from services.monitoring.schemas.names import Id, Network
from shared.schemas import Body, EmployeeNumber, Paragraph, Resource

AutonomyLevel = Literal["draft_only", "sampled", "trusted"]
SampleOutcome = Literal["fine", "better", "wrong"]


class AutonomyChangeIn(Body):
    """How far a person is trusted on a network from now on, and why. A key says who decided."""

    network: Network
    level: Annotated[AutonomyLevel, Field(examples=["sampled"])]
    reason: Annotated[Paragraph, Field(examples=["Ten answers in a row went out as you wrote them."])]
    employee_number: EmployeeNumber | None = None


class AutonomyAppealIn(Body):
    """Why somebody else should look again at what was said last about a network."""

    network: Network
    reason: Annotated[Paragraph, Field(examples=["Two of the three were about another brand."])]


class AutonomyChangeOut(Resource):
    """What somebody said of how far a person is trusted; `grounds` is what the rule said then.

    `proposed` says that it was what the rule proposed; `answers` is the change whose appeal it decided.
    """

    id: str
    network: str
    before: AutonomyLevel
    level: AutonomyLevel
    proposed: bool
    grounds: list[str]
    reason: str
    coach: str
    decided_at: datetime
    answers: str | None
    appeal: str | None
    appealed_at: datetime | None


class ReviewedOut(Resource):
    """Reviews that count, of at most the last ten, and findings that the person accepted or a second coach confirmed."""

    reviews: int
    good: int
    poor: int
    upheld_findings: int


class AutonomyProposalOut(Resource):
    """The level that reviewed outcomes speak for, and why; a person decides."""

    level: AutonomyLevel
    reasons: list[str]


class NetworkAutonomyOut(Resource):
    """How far a person is trusted on a network; without `since`, by their certification.

    `change` is what was said last; `appealed` that it waits for somebody else to look again. `reviewed` and `proposal`
    are missing where the person's figures are for nobody else.
    """

    network: str
    level: AutonomyLevel
    since: datetime | None
    reviewed: ReviewedOut | None
    proposal: AutonomyProposalOut | None
    change: AutonomyChangeOut | None
    appealed: bool


class AutonomyOut(Resource):
    """How far a person is trusted: on the networks where something was said, reviewed or found of late, and `otherwise`."""

    employee_number: str
    networks: list[NetworkAutonomyOut]
    otherwise: AutonomyLevel
    revision: int


class AutonomyWaitingOut(NetworkAutonomyOut):
    """What waits for somebody's decision: a proposal of the rule, or an appeal."""

    employee_number: str


class SampleOut(Resource):
    """A reply that was drawn to be looked at after it went out."""

    reply: ReplyOut
    network: str
    drawn_at: datetime
    reviewed_at: datetime | None


class SampleReviewIn(Body):
    """What a trusted colleague thinks of a reply that went out: `fine`, could be `better`, or `wrong`. A key names them."""

    reply: Id
    outcome: SampleOutcome
    reason: Annotated[Paragraph, Field(examples=["Next time, say when."])] | None = None
    employee_number: EmployeeNumber | None = None
