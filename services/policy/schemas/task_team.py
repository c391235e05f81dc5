"""Bodies of the task team: seats, nominations, members, coverage."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, EmployeeNumber, Line, Paragraph, Resource, Slug, Text

Role = Literal["lead", "reviewer", "coach"]
Network = Annotated[Text, Field(min_length=1, max_length=50, examples=["mastodon"])]
Language = Annotated[Text, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["pt"])]


class SeatIn(Body):
    """A place in the team; what is left out stands for all departments, regions, networks or languages."""

    key: Slug
    role: Role
    department: Line | None = None
    region: Line | None = None
    network: Network | None = None
    language: Language | None = None


class SeatOut(Resource):
    """A seat and who holds it."""

    key: str
    role: str
    department: str | None
    region: str | None
    network: str | None
    language: str | None
    employee_number: str | None
    since: datetime | None
    revision: int


class MemberOut(Resource):
    """A person who holds a seat."""

    employee_number: str
    name: str
    department: str
    region: str
    seat: str
    role: str
    since: datetime | None


class TeamOut(Resource):
    """The team in numbers."""

    seats: int
    filled: int
    members: int
    open_nominations: int


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
    """Whether the nominee takes a seat; the seat may be another than the one nominated for."""

    decision: Literal["appoint", "decline"]
    seat: Slug | None = None
    reason: Paragraph


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
    state: str
    reason: str | None
    decided_at: datetime | None
    created_at: datetime
    endorsements: list[EndorsementOut]
    revision: int


class Gap(Resource):
    """Where nobody stands; null means: all of them."""

    departments: list[str] | None
    regions: list[str] | None
    networks: list[str] | None
    languages: list[str] | None


class DimensionsOut(Resource):
    """What the team has to cover: departments and regions from people, networks and languages from the seats."""

    departments: list[str]
    regions: list[str]
    networks: list[str]
    languages: list[str]


class CoverageOut(Resource):
    """How far the filled seats reach: combinations covered out of all, and the gaps, merged where they can be."""

    dimensions: DimensionsOut
    covered: int
    combinations: int
    gaps: list[Gap]
    vacant: list[SeatOut]
