"""Bodies of /certifications, /certificates, /certificate-statuses and /certificate-changes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from services.training.schemas.fields import Patch
from services.training.tables import RenewalMode
from shared.schemas import Body, EmployeeNumber, Line, Moment, Paragraph, Resource, Slug, Text

Keys = Annotated[list[Slug], Field(max_length=50)]
Days = Annotated[int, Field(ge=0, le=3650)]


class Status(StrEnum):
    """How a certificate stands at a moment; `expiring` is still certified, `expired` only within a grace time."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    NONE = "none"


class Change(StrEnum):
    """What can happen to a certificate."""

    ISSUED = "issued"
    RENEWED = "renewed"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"
    PERSON_LEFT = "person_left"


Names = Annotated[list[Line], Field(min_length=1, max_length=200)]


class Audience(Body):
    """Who can earn a certification: whoever fits each of what is named; everyone where nothing is."""

    departments: Names | None = None
    regions: Names | None = None


class OnNewVersion(StrEnum):
    """What a new version of a required course does to certificates that rest on an earlier one.

    `delta` asks their holders to learn the modules that changed.
    """

    KEEP = "keep"
    DELTA = "delta"
    VOID = "void"


def leave_no_leap_day(value: str) -> str:
    """Refuse what is not a day of each year."""
    date.fromisoformat(f"2001-{value}")
    return value


class Renewal(Body):
    """How a certificate is renewed.

    `window_days` before its expiry the renewal opens; where null, when it begins to expire. `from_completion`: the next
    term counts from the course. `from_expiry`: from the end of the term before, if it is renewed while it counts.
    `calendar`: every term ends on `date`, the first that is at least `minimum_days` after the course.
    """

    mode: RenewalMode = RenewalMode.FROM_COMPLETION
    window_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    date: (
        Annotated[str, Field(pattern=r"^\d{2}-\d{2}$", examples=["01-31"]), AfterValidator(leave_no_leap_day)] | None
    ) = None
    minimum_days: Days = 0

    @model_validator(mode="after")
    def check_date(self) -> Self:
        """Refuse a calendar without its day, or a day that nothing asks for."""
        if (self.mode is RenewalMode.CALENDAR) != (self.date is not None):
            raise ValueError("the mode calendar, and only that, needs a date")
        if self.minimum_days and self.mode is not RenewalMode.CALENDAR:
            raise ValueError("minimum_days belongs to the mode calendar")
        return self


def refuse_repeated(value: list[int]) -> list[int]:
    """Refuse two reminders at the same moment."""
    if len(set(value)) < len(value):
        raise ValueError("must not name a day twice")
    return value


ReminderDays = Annotated[
    list[Annotated[int, Field(ge=1, le=3650)]], Field(max_length=10), AfterValidator(refuse_repeated)
]
"""How many days before expiry the holder is reminded."""
NewVersions = Annotated[dict[Slug, OnNewVersion], Field(max_length=50)]
"""By course; a course that is not named keeps certificates as they are."""
DeltaDays = Annotated[int, Field(ge=1, le=365)]
"""How many days holders have to learn what changed under their certificates."""
DeltaGraceDays = Annotated[int, Field(ge=0, le=365)]
"""How many days a certificate is expiring after that deadline, before it has expired."""


class CertificationIn(Body):
    """A tier: what it asks for, and for how many days it holds from the last required course."""

    key: Slug
    title: Line
    description: Annotated[Text, Field(max_length=5000)] = ""
    courses: Keys = Field(default=[])
    policies: Keys = Field(default=[])
    certifications: Keys = Field(default=[])
    validity_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    expiring_days: Days = 30
    grace_days: Days = 0
    renewal: Renewal = Field(default_factory=Renewal)
    reminder_days: ReminderDays = Field(default=[90, 60, 30, 7])
    on_new_version: NewVersions = Field(default={})
    delta_days: DeltaDays = 30
    delta_grace_days: DeltaGraceDays = 14
    audience: Audience | None = None

    @model_validator(mode="after")
    def check_parts(self) -> Self:
        """Refuse a tier that asks for nothing, or for itself."""
        if not (self.courses or self.policies or self.certifications):
            raise ValueError("must ask for at least one course, policy or certification")
        if self.key in self.certifications:
            raise ValueError("cannot ask for itself")
        if not self.on_new_version.keys() <= set(self.courses):
            raise ValueError("on_new_version must name only required courses")
        return self


class CertificationPatch(Patch):
    """What changes about a tier; certificates issued before keep their dates."""

    nullable = frozenset({"audience"})

    title: Line | None = None
    description: Annotated[Text, Field(max_length=5000)] | None = None
    courses: Keys | None = None
    policies: Keys | None = None
    certifications: Keys | None = None
    validity_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    expiring_days: Days | None = None
    grace_days: Days | None = None
    renewal: Renewal | None = None
    reminder_days: ReminderDays | None = None
    on_new_version: NewVersions | None = None
    delta_days: DeltaDays | None = None
    delta_grace_days: DeltaGraceDays | None = None
    audience: Audience | None = None


class CertificationOut(Resource):
    """A tier that can be earned."""

    id: str
    key: str
    title: str
    description: str
    courses: list[str]
    policies: list[str]
    certifications: list[str]
    validity_days: int
    expiring_days: int
    grace_days: int
    renewal: Renewal
    reminder_days: list[int]
    on_new_version: dict[str, OnNewVersion]
    delta_days: int
    delta_grace_days: int
    audience: Audience | None
    revision: int


class SectionOut(Resource):
    """A policy section that a certificate covers, with the hash of the text that was in force."""

    policy: str
    version: int
    section: str
    hash: str


class CertificateOut(Resource):
    """One person's certification; `status` is as of the moment asked for."""

    id: str
    employee_number: str
    certification: str
    status: Status
    issued_at: datetime
    expiring_from: datetime
    expires_at: datetime
    grace_until: datetime
    renewable_from: datetime
    sections: list[SectionOut]
    replaces: str | None
    replaced_by: str | None
    archived_at: datetime | None
    reason: str | None


class HistoryOut(Resource):
    """What happened to a certificate: `at` when it was entered, `effective_at` from when it holds, `status` after it.

    `by` is an employee number, an API key (`key:...`), or `service` where the clock or what the person learnt did it.
    """

    change: Change
    status: Status
    at: datetime
    effective_at: datetime
    by: str
    reason: str | None


class ReasonIn(Body):
    """Why something is done to a certificate; the holder is shown it."""

    reason: Annotated[Paragraph, Field(examples=["Under review until Friday."])]


class StatusesIn(Body):
    """Whose status is asked, for one certification or all that they have, now or at a moment."""

    employee_numbers: Annotated[list[EmployeeNumber], Field(min_length=1, max_length=500)]
    certification: Slug | None = None
    as_of: Moment | None = None


class StatusOut(Resource):
    """Whether a person is certified; `certified_until` is null when they are not."""

    employee_number: str
    certification: str | None
    status: Status
    certified: bool
    certified_until: datetime | None
    as_of: datetime
    certificate: str | None


class StatusesOut(Resource):
    """The answers in the order asked."""

    items: list[StatusOut]


class ChangeOut(Resource):
    """An entry of the feed: the certificate's status is as of this change; null for a leaver who had none."""

    cursor: str
    at: datetime
    effective_at: datetime
    change: Change
    employee_number: str
    certificate: CertificateOut | None


class ChangesOut(Resource):
    """A page of the feed; `next_cursor` is always there, and leads on once there is more."""

    items: list[ChangeOut]
    next_cursor: str
