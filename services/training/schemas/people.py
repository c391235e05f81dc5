"""Bodies of /people."""

from datetime import datetime
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from services.training.schemas.fields import Patch
from services.training.tables import Source
from shared.schemas import Body, EmployeeNumber, Line, Resource, Text

LONGEST_NAME = 200
Email = Annotated[Text, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$", examples=["ana@x.example"])]
Language = Annotated[Text, Field(max_length=35, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", examples=["pt"])]
Languages = Annotated[list[Language], Field(max_length=50)]


B = TypeVar("B", bound=Body)


def needs_user_name(body: B, user_name: str | None, email: str) -> B:
    """Return a body, unless its e-mail stands for the user name and is too long for that."""
    if user_name is None and len(email) > LONGEST_NAME:
        raise ValueError(f"an e-mail of more than {LONGEST_NAME} characters needs a user_name beside it")
    return body


class PersonIn(Body):
    """A new person; `manager` is the employee number of another, `user_name` is the e-mail unless given.

    Somebody without an employee number, such as a contractor, gets one of ours.
    """

    employee_number: EmployeeNumber | None = None
    name: Line
    email: Email
    department: Line
    region: Line
    manager: EmployeeNumber | None = None
    languages: Languages = Field(default=[])
    user_name: Line | None = None
    cost_centre: Line | None = None
    legal_entity: Line | None = None
    title: Line | None = None
    locale: Language | None = None

    @model_validator(mode="after")
    def check_user_name(self) -> Self:
        """Refuse an e-mail that stands for a user name, too, and is too long for one."""
        return needs_user_name(self, self.user_name, self.email)


class PersonPatch(Patch):
    """What changes about a person; `active: false` means that they left, `true` that they are back.

    Under a new `employee_number`, the old one goes on naming them.
    """

    nullable = frozenset({"manager", "cost_centre", "legal_entity", "title", "locale"})

    employee_number: EmployeeNumber | None = None
    name: Line | None = None
    email: Email | None = None
    department: Line | None = None
    region: Line | None = None
    manager: EmployeeNumber | None = None
    languages: Languages | None = None
    user_name: Line | None = None
    cost_centre: Line | None = None
    legal_entity: Line | None = None
    title: Line | None = None
    locale: Language | None = None
    active: bool | None = None


class PersonOut(Resource):
    """A member of staff."""

    id: str
    employee_number: str
    user_name: str
    name: str
    email: str
    department: str
    region: str
    manager: str | None
    languages: list[str]
    cost_centre: str | None
    legal_entity: str | None
    title: str | None
    locale: str | None
    active: bool
    left_at: datetime | None
    revision: int


class MergeIn(Body):
    """Whose entry is the same person's: what they did and hold goes over, their number goes on naming the person."""

    duplicate: EmployeeNumber


class SourceOut(Resource):
    """What one source wrote of a person, and by which id it knows them."""

    source: str
    external_id: str | None
    attributes: list[str]
    seen_at: datetime


class SourcesOut(Resource):
    """Where a person's attributes come from, the strongest source first, and the numbers they had before."""

    employee_number: str
    former_numbers: list[str]
    sources: list[SourceOut]


class AuthorityIn(Body):
    """Which sources may write an attribute, the strongest first; one that is left out may not write it."""

    sources: Annotated[list[Source], Field(max_length=3, examples=[["scim", "api", "csv"]])]

    @model_validator(mode="after")
    def refuse_doubles(self) -> Self:
        """Refuse a source that is named twice."""
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("name each source once")
        return self


class AuthorityOut(Resource):
    """Which sources may write an attribute, the strongest first."""

    attribute: str
    sources: list[Source]
    revision: Annotated[int, Field(description="Stands for this order of sources; a change states it as If-Match.")]


class SaidOfPerson(Body):
    """What a source would say of a person; what it leaves out it does not speak of."""

    external_id: Line | None = None
    employee_number: EmployeeNumber | None = None
    user_name: Line | None = None
    name: Line | None = None
    email: Email | None = None
    department: Line | None = None
    region: Line | None = None
    cost_centre: Line | None = None
    legal_entity: Line | None = None
    title: Line | None = None
    locale: Language | None = None
    languages: Languages | None = None
    active: bool | None = None


class MatchesIn(Body):
    """People as a source would send them for the first time."""

    source: Source
    people: Annotated[list[SaidOfPerson], Field(min_length=1, max_length=500)]


class MatchOut(Resource):
    """What would come of one: whom it means and by which id, what changes, what a stronger source keeps, what is in the way."""

    outcome: Annotated[str, Field(examples=["created", "updated", "unchanged", "conflict"])]
    employee_number: str | None
    matched_by: Annotated[str | None, Field(examples=["employee_number", "user_name", "email", "external_id"])]
    changes: list[str]
    kept: dict[str, Source | None]
    detail: str | None


class MatchesOut(Resource):
    """One answer for each, in the order asked."""

    items: list[MatchOut]
