"""Bodies of /legal-holds and /supervision-exports."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.monitoring.schemas.names import Instant, Network
from shared.schemas import Body, Paragraph, Resource, Text

HoldScope = Literal["person", "conversation", "network"]


class LegalHoldIn(Body):
    """Keep everything about a person (by employee number), a conversation (by id) or a network (by name)."""

    scope: HoldScope
    subject: Annotated[Text, Field(min_length=1, max_length=64, examples=["E-1007"])]
    reason: Paragraph


class LegalHoldOut(Resource):
    """A hold; it stands until `lifted_at`, which takes two people: one asks, another confirms.

    `subject` is what the hold was placed with; `placed_by` and the others are employee numbers, or ids of keys.
    """

    id: str
    scope: HoldScope
    subject: str
    reason: str
    placed_by: str
    placed_at: datetime
    release_asked_by: str | None
    release_reason: str | None
    lifted_by: str | None
    lifted_at: datetime | None
    revision: int


class ReleaseIn(Body):
    """Why a hold is needed no more."""

    reason: Paragraph


class SupervisionExportIn(Body):
    """A period whose replies and static content are written out, for all networks or one."""

    since: Annotated[Instant, Field(alias="from")]
    until: Annotated[Instant, Field(alias="to")]
    network: Network | None = None

    @model_validator(mode="after")
    def check_period(self) -> Self:
        """Refuse a period that ends before it begins."""
        if self.until <= self.since:
            raise ValueError("to must be later than from")
        return self


class PartOut(Resource):
    """A file of an export: `sha256` is over its bytes as they are downloaded."""

    name: str
    lines: int
    bytes: int
    sha256: str


class ManifestOut(Resource):
    """What an export holds, and how to know that nothing of it was changed."""

    export: str
    since: datetime
    until: datetime
    network: str | None
    written_at: datetime
    lines: int
    files: list[PartOut]


class SupervisionExportOut(Resource):
    """An export and how far it is: `running`, then `ready`, with its manifest.

    `evidence` is the entry of the evidence log that has the manifest's hash.
    """

    id: str
    since: datetime
    until: datetime
    network: str | None
    state: Literal["running", "ready"]
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    lines: int
    manifest: ManifestOut | None
    evidence: str | None
    revision: int
