"""Bodies about webhooks: endpoints, their deliveries, replays and tests."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from services.gateway.rights import SCOPES
from shared.schemas import Body, Line, Moment, Resource, Text

Url = Annotated[Text, Field(min_length=1, max_length=2000, examples=["https://hr.example/hooks/shareload"])]
Pattern = Annotated[str, Field(pattern=r"^([a-z0-9_]+(\.[a-z0-9_]+)*(\.\*|\*)?|\*)$", max_length=100)]
"""An event type, or the beginning of some with `*` at the end."""
Types = Annotated[list[Pattern], Field(max_length=50, examples=[["training.certificate.*", "training.person.left.v1"]])]
Scopes = Annotated[
    list[Annotated[str, Field(max_length=40)]], Field(max_length=len(SCOPES), examples=[["events:read", "people:read"]])
]
Ordering = Literal["none", "subject"]
State = Literal["active", "paused"]
Because = Literal["by_hand", "failing", "gone", "maker_left"]
DeliveryState = Literal["waiting", "delivered", "dead"]


class WebhookIn(Body):
    """An endpoint to be told: where it is, what it wants to hear, and what it may.

    `types` empty means all. With `ordering: subject` a later event of the same subject waits until the earlier one has
    arrived or was given up; without, what fails holds up nothing else.
    """

    name: Line
    url: Url
    types: Types = Field(default_factory=list)
    scopes: Scopes = Field(default_factory=lambda: ["events:read"])
    ordering: Ordering = "none"

    @field_validator("scopes")
    @classmethod
    def know_each_scope(cls, scopes: list[str]) -> list[str]:
        """Refuse a scope that does not exist, and put them in order; reading events is what it is all about."""
        if unknown := sorted(set(scopes) - SCOPES):
            raise ValueError(f"there is no scope {unknown[0][:40]!r}; there are {', '.join(sorted(SCOPES))}")
        return sorted({*scopes, "events:read"})


class WebhookChange(Body):
    """What changes of an endpoint; what is left out stays."""

    name: Line | None = None
    url: Url | None = None
    types: Types | None = None
    scopes: Scopes | None = None
    ordering: Ordering | None = None

    @field_validator("scopes")
    @classmethod
    def know_each_scope(cls, scopes: list[str] | None) -> list[str] | None:
        """As for a new endpoint."""
        return None if scopes is None else WebhookIn.know_each_scope(scopes)


class ReplayOut(Resource):
    """A replay under way: events of the log that are still to be looked at."""

    left: int
    types: list[str]


class WebhookOut(Resource):
    """An endpoint, without its secret. `behind` counts the events of the log that it has not been asked for yet."""

    id: str
    name: str
    url: str
    types: list[str]
    scopes: list[str]
    ordering: Ordering
    state: State
    paused_because: Because | None
    paused_at: datetime | None
    failing_since: datetime | None
    delivered_at: datetime | None
    behind: int
    replay: ReplayOut | None
    previous_secret_until: datetime | None
    created_by: str
    created_at: datetime
    revision: int


class NewWebhookOut(WebhookOut):
    """An endpoint with a secret just made; `secret` is shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD7hx2hLr3kqw="])


class RotationIn(Body):
    """For how many hours the old secret signs beside the new one; 0 ends it at once."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = 24


class ReplayIn(Body):
    """From when on to send events again, at most the 30 days that the log keeps; the endpoint's own types if none."""

    since: Annotated[Moment, Field(alias="from", examples=["2026-11-20T00:00:00Z"])]
    types: Types | None = None


class AttemptOut(Resource):
    """One try: what the endpoint answered (`status` and at most the first KB), or why it did not (`error`)."""

    at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None
    answer: str | None = None


class DeliveryOut(Resource):
    """An event at an endpoint, with every attempt.

    `body` is what is sent: as far as you may read it yourself, and as long as the log keeps it. One that waits without
    `next_at` comes after an earlier one of the same subject.
    """

    id: str
    event_id: str
    type: str
    subject: str
    state: DeliveryState
    attempts: list[AttemptOut]
    next_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    body: str | None


class TestOut(Resource):
    """What an endpoint said to a test event."""

    delivered: bool
    delivery: str
    attempt: AttemptOut
