"""What would happen if: what is asked of the simulator, and what it answers."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.monitoring.schemas.availability import Hours
from services.monitoring.schemas.conversations import ConversationKind
from services.monitoring.schemas.names import Language, Network, Topic
from shared.schemas import Body, EmployeeNumber, Resource

MOST = 50_000
"""Conversations in one simulation."""
Days = Annotated[int, Field(ge=1, le=60)]
Capacity = Annotated[int, Field(ge=0, le=100)]
WeeklyMinutes = Annotated[int, Field(ge=0, le=10_080)]
SimulationState = Literal["queued", "running", "done", "failed"]


class StreamPoolIn(Body):
    """A kind of customers, and how many of them there are beside the others."""

    language: Language | None = None
    topic: Topic | None = None
    network: Network = "email"
    kind: ConversationKind = "question"
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0


class GeneratedIn(Body):
    """Customers to make up: they write independently of each other, all day or in some hours."""

    days: Days = 7
    conversations_per_day: Annotated[float, Field(gt=0, le=20_000, examples=[120])]
    pools: Annotated[list[StreamPoolIn], Field(min_length=1, max_length=100)]
    minutes: Annotated[float, Field(ge=1, le=240, description="What an answer takes.")] = 10.0
    silent: Annotated[float, Field(ge=0, le=0.9, description="The share of offers that nobody accepts in time.")] = 0.0
    hours: Hours | None = None

    @model_validator(mode="after")
    def bounded(self) -> Self:
        """Refuse more than can be answered in seconds."""
        if self.days * self.conversations_per_day > MOST:
            raise ValueError(f"is more than {MOST} conversations in all")
        return self


class CertifyIn(Body):
    """Who is certified for all that customers ask: somebody we have, or so many new ones.

    What is not said stays as it is; new ones have the languages and topics given, and no topics means all of them.
    """

    employee_number: EmployeeNumber | None = None
    count: Annotated[int, Field(ge=1, le=500)] | None = None
    languages: Annotated[list[Language], Field(max_length=20, default_factory=list)]
    topics: Annotated[list[Topic], Field(max_length=50, default_factory=list)]
    hours: Hours | None = None
    capacity: Capacity | None = None
    weekly_minutes: WeeklyMinutes | None = None

    @model_validator(mode="after")
    def somebody(self) -> Self:
        """Refuse nobody, and both."""
        if (self.employee_number is None) == (self.count is None):
            raise ValueError("needs either employee_number or count")
        if self.count is not None and not self.languages:
            raise ValueError("needs the languages of those who are new")
        return self


class WhatIfIn(Body):
    """What is different: who is certified, who is not there, and what holds for everyone."""

    certify: Annotated[list[CertifyIn], Field(max_length=100, default_factory=list)]
    without: Annotated[list[EmployeeNumber], Field(max_length=500, default_factory=list)]
    hours: Hours | None = None
    capacity: Capacity | None = None
    weekly_minutes: WeeklyMinutes | None = None


class SimulationIn(Body):
    """Customers, those of the last `days` as they wrote or a generated stream, and what is different for whoever answers.

    The same seed draws the same.
    """

    days: Days | None = None
    generated: GeneratedIn | None = None
    what_if: Annotated[WhatIfIn, Field(default_factory=lambda: WhatIfIn.model_validate({}))]
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1

    @model_validator(mode="after")
    def one_kind_of_customers(self) -> Self:
        """Refuse two kinds; without either, it is those of the last thirty days."""
        if self.days is not None and self.generated is not None:
            raise ValueError("takes either days or generated")
        if self.generated is None and self.days is None:
            self.days = 30
        return self


class SpreadOut(Resource):
    """Seconds that half, most and nearly all of the customers waited at most."""

    p50: float | None
    p95: float | None
    p99: float | None


class LevelOut(Resource):
    """How many conversations were with nobody, and with somebody, at an instant."""

    at: datetime
    waiting: int
    with_someone: int


class Simulated(Resource):
    """What came of some conversations: `returned` counts offers that were not accepted in time.

    Waits run from the customer's message to its first assignment and to its answer; whoever has neither counts with
    what they waited so far. Jain and Gini are over conversations per working hour of those who can take them.
    """

    people: int
    arrived: int
    answered: int
    waiting: int
    returned: int
    first_assignment: SpreadOut
    first_answer: SpreadOut
    jain: float | None
    gini: float | None


class SimulatedPoolOut(Simulated):
    """One language and topic; `missing` is what nobody has, so that none of its conversations can be routed."""

    language: str | None
    topic: str | None
    missing: str | None


class OutcomeOut(Simulated):
    """What came of all; `unroutable` are those that ask for something which nobody has."""

    with_someone: int
    unroutable: int
    queue: list[LevelOut]
    pools: list[SimulatedPoolOut]


class SimulationOut(Resource):
    """A simulation: what was asked, how it stands, and what came of it before and after what is different."""

    id: str
    state: SimulationState
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    failure: str | None
    since: datetime
    until: datetime
    request: SimulationIn
    before: OutcomeOut | None
    after: OutcomeOut | None
    revision: int
