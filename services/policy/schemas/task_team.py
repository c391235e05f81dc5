"""Bodies of the task team: its terms, seats, members and handovers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Body, EmployeeNumber, Line, Moment, Paragraph, Resource, Slug, Text

Role = Literal["lead", "reviewer", "coach"]
Network = Annotated[Text, Field(min_length=1, max_length=50, examples=["mastodon"])]
Language = Annotated[Text, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["pt"])]
Topic = Annotated[
    Text,
    Field(
        pattern=r"^[^\W_][\w/-]{0,63}$",
        max_length=64,
        description="What its holder knows best: a policy's key, `<policy>/<section>`, or a word of your own.",
        examples=["social-media/answering"],
    ),
]
TermDays = Annotated[int, Field(ge=1, le=3650, description="How long an appointment lasts; null is for good.")]


class TermsIn(Body):
    """What holds for the whole team from now on; what is left out stays as it is."""

    required_certification: Annotated[
        Slug | None, Field(description="Only who holds it can have a seat; null asks for none.")
    ] = None
    grace_days: Annotated[
        int | None, Field(ge=0, le=365, description="How long a member keeps the seat after it lapsed.")
    ] = None
    notice_days: Annotated[
        int | None, Field(ge=0, le=365, description="How long before its end a term is told to end.")
    ] = None
    answer_hours: Annotated[
        int | None, Field(ge=1, le=2000, description="How long a question stays with one member.")
    ] = None


class TermsOut(Resource):
    """What holds for the whole team; a change of it names `revision` in If-Match."""

    required_certification: str | None
    grace_days: int
    notice_days: int
    answer_hours: int
    revision: int


class CharterOut(Resource):
    """The policy by which the team works: the one with the key `task-team-charter`."""

    policy: str
    version: int
    title: str
    effective_at: datetime


class TeamOut(Resource):
    """The team in numbers, its terms and its charter."""

    seats: int
    filled: int
    members: int
    lapsing: int
    open_nominations: int
    waiting: int
    terms: TermsOut
    charter: CharterOut | None


class SeatTerms(Body):
    """What a seat stands for; what is left out stands for all departments, regions, networks or languages."""

    role: Role
    department: Line | None = None
    region: Line | None = None
    network: Network | None = None
    language: Language | None = None
    topics: Annotated[tuple[Topic, ...], Field(max_length=20)] = ()
    term_days: TermDays | None = None


class SeatIn(SeatTerms):
    """A place in the team to open."""

    key: Slug


class SeatChange(Body):
    """What changes of a seat; what is left out stays as it is."""

    role: Role | None = None
    department: Line | None = None
    region: Line | None = None
    network: Network | None = None
    language: Language | None = None
    topics: Annotated[tuple[Topic, ...] | None, Field(max_length=20)] = None
    term_days: TermDays | None = None
    term_ends_at: Annotated[Moment | None, Field(description="When the present holder's term ends.")] = None


class SeatOut(Resource):
    """A seat and who holds it.

    It is `lapsing` while its holder lacks the team's certification, and vacant from `vacate_at` on if that stays so.
    """

    key: str
    role: str
    department: str | None
    region: str | None
    network: str | None
    language: str | None
    topics: list[str]
    state: Literal["vacant", "filled", "lapsing"]
    employee_number: str | None
    since: datetime | None
    term_days: int | None
    term_ends_at: datetime | None
    lapsing_since: datetime | None
    vacate_at: datetime | None
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
    term_ends_at: datetime | None


class DepartureIn(Body):
    """Why somebody gives up a seat, or has to."""

    reason: Paragraph


class HandoverIn(Body):
    """To whom a seat goes, with what the next holder should know."""

    employee_number: EmployeeNumber
    notes: Paragraph
    term_ends_at: Moment | None = None


class HandoverOut(Resource):
    """What one holder left to the next; readable by both and the team. `questions` is how many went along."""

    id: str
    seat: str
    giver: str | None
    taker: str | None
    notes: str
    created_at: datetime
