"""Bodies of /certificate-operations: one thing done to many certificates, after it was shown to whom."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.training.schemas.certificates import Status
from services.training.schemas.fields import Id
from services.training.tables import OperationState
from shared.schemas import Body, Line, Paragraph, Resource, Slug, Text


class Operation(StrEnum):
    """What can be done to many at once; `renew` issues the next certificate as if it had been earned again now."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"
    EXTEND = "extend"
    RENEW = "renew"


class Chosen(Body):
    """Which certificates: those that fit all that is named, or just some by their ids."""

    certification: Slug | None = None
    department: Line | None = None
    region: Line | None = None
    status: Status | None = None
    certificates: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def check_something(self) -> Self:
        """Refuse to mean everything by naming nothing."""
        if not any(getattr(self, name) is not None for name in Chosen.model_fields):
            raise ValueError("name a certification, a department, a region, a status, or certificates")
        return self


class OperationIn(Body):
    """What to do to which certificates, and why.

    With `dry_run` nothing is done: the answer says whom it would concern and has a `preview`. Sent again with that, it
    is done, if the set is still the same.
    """

    operation: Operation
    filter: Chosen
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    """By how many days to extend."""
    reason: Annotated[Paragraph, Field(examples=["The region is closed for the move."])]
    dry_run: bool = False
    preview: Annotated[Text, Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def check_parts(self) -> Self:
        """Refuse days where nothing is extended, and an order without its preview."""
        if (self.operation is Operation.EXTEND) != (self.days is not None):
            raise ValueError("extend, and only that, needs days")
        if self.dry_run == (self.preview is not None):
            raise ValueError("ask with dry_run first, then send its preview")
        return self


class Concerned(Resource):
    """A certificate that an operation would change."""

    certificate: str
    employee_number: str
    certification: str
    status: Status
    expires_at: datetime


class Excluded(Resource):
    """How many certificates fit the filter and are left out all the same."""

    own_matter: int
    not_possible: int
    """Suspended already, for example, or run out."""


class PreviewOut(Resource):
    """Whom an operation would concern, with the first of them; `preview` stands for just this set."""

    preview: str
    total: int
    by_status: dict[str, int]
    by_certification: dict[str, int]
    excluded: Excluded
    sample: list[Concerned]


class OperationOut(Resource):
    """An operation and how far it is; of the certificates that changed meanwhile, some are `refused`."""

    id: str
    operation: Operation
    filter: Chosen
    days: int | None
    reason: str
    state: OperationState
    total: int
    done: int
    refused: int
    waiting: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None


class OperationAnswer(Resource):
    """What would be done, or, where `operation` is there, what is being done."""

    preview: PreviewOut
    operation: OperationOut | None


class ItemOutcome(StrEnum):
    """What became of one certificate of an operation."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class OperationItemOut(Resource):
    """One certificate of an operation; `detail` says why it was refused."""

    certificate: str
    employee_number: str
    outcome: ItemOutcome
    detail: str | None
