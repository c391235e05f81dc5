"""Bodies of /live-sessions: dates of what is learnt together."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.training.schemas.fields import Patch
from services.training.schemas.modules import Address
from shared.locales import Locale
from shared.schemas import Body, EmployeeNumber, Line, Moment, Paragraph, Resource, Slug

Capacity = Annotated[int, Field(ge=1, le=10_000)]


class LiveSessionIn(Body):
    """A date of a live module, and who takes attendance."""

    course: Slug
    module: Slug
    starts_at: Moment
    ends_at: Moment
    capacity: Capacity
    place: Line
    url: Address | None = None
    language: Locale = "en"
    host: EmployeeNumber

    @model_validator(mode="after")
    def check_times(self) -> Self:
        """Refuse an end before the beginning."""
        if self.ends_at <= self.starts_at:
            raise ValueError("ends before it starts")
        return self


class LiveSessionPatch(Patch):
    """What changes of a date."""

    nullable = frozenset({"url"})

    starts_at: Moment | None = None
    ends_at: Moment | None = None
    capacity: Capacity | None = None
    place: Line | None = None
    url: Address | None = None
    host: EmployeeNumber | None = None


class LiveSessionOut(Resource):
    """A date of a live module; `left` are the places that are still free."""

    id: str
    course: str
    module: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    left: int
    place: str
    url: str | None
    language: str
    host: str
    cancelled_at: datetime | None
    reason: str | None
    revision: int


class CancellationIn(Body):
    """Why a date is cancelled."""

    reason: Paragraph


class RegistrationIn(Body):
    """Who wants to come; a person who signed in comes themself."""

    employee_number: EmployeeNumber | None = None


class RegistrationOut(Resource):
    """A person who wants to come; `attended` once the host has said so."""

    session: str
    employee_number: str
    registered_at: datetime
    attended: bool | None


class AttendanceIn(Body):
    """Who was there and who was not; who is not named stays as it is."""

    present: Annotated[list[EmployeeNumber], Field(max_length=1000)] = Field(default=[])
    absent: Annotated[list[EmployeeNumber], Field(max_length=1000)] = Field(default=[])

    @model_validator(mode="after")
    def check_sides(self) -> Self:
        """Refuse nobody, and somebody on both sides."""
        if not self.present and not self.absent:
            raise ValueError("name somebody who was there, or was not")
        if set(self.present) & set(self.absent):
            raise ValueError("somebody is both present and absent")
        return self
