"""Bodies of nominations for the task team."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.policy.schemas.task_team import Language, Network
from shared.schemas import Body, EmployeeNumber, Moment, Paragraph, Resource, Slug

NominationState = Literal["open", "waiting", "offered", "appointed", "declined", "withdrawn"]


class NominationIn(Body):
    """Who is put forward, and why; a key may name who does it."""

    employee_number: EmployeeNumber
    seat: Slug | None = None
    experience: Paragraph
    networks: Annotated[tuple[Network, ...], Field(max_length=20)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=20)] = ()
    why: Paragraph
    nominated_by: EmployeeNumber | None = None


class EndorsementIn(Body):
    """A colleague's words; a key names whose they are."""

    employee_number: EmployeeNumber | None = None
    words: Paragraph


class DecisionIn(Body):
    """What becomes of the nominee: a seat, a place on the waiting list, or neither.

    The seat may be another than the one nominated for; who waits without one is offered any that becomes free.
    """

    decision: Literal["appoint", "waitlist", "decline"]
    seat: Slug | None = None
    reason: Paragraph
    term_ends_at: Moment | None = None


class OfferAnswerIn(Body):
    """Whether the nominee takes the seat that is offered."""

    answer: Literal["accept", "refuse"]


class WithdrawalIn(Body):
    """A nominee's wish not to be considered any more; nothing more is needed."""


class EndorsementOut(Resource):
    """Who endorsed a nomination and in which words."""

    employee_number: str | None
    words: str
    created_at: datetime


class NominationOut(Resource):
    """A nomination with its endorsements and, once made, the decision."""

    id: str
    employee_number: str | None
    nominated_by: str
    seat: str | None
    experience: str
    networks: list[str]
    languages: list[str]
    why: str
    state: NominationState
    reason: str | None
    decided_at: datetime | None
    offered_seat: str | None
    offer_ends_at: datetime | None
    created_at: datetime
    endorsements: list[EndorsementOut]
    revision: int
