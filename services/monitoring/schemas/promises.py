"""Within which time customers are answered."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.monitoring.schemas.availability import Hours
from services.monitoring.schemas.conversations import ConversationKind
from shared.schemas import Body, Resource

Minutes = Annotated[int, Field(ge=1, le=14 * 24 * 60, examples=[60])]


class ServicePromiseIn(Body):
    """Minutes of business time until an answer; without hours, the clock never stands still.

    Holidays are days in the zone of the hours on which it does.
    """

    first_answer_minutes: Minutes
    next_answer_minutes: Minutes
    hours: Hours | None = None
    holidays: Annotated[list[date], Field(max_length=200, default_factory=list, examples=[["2026-12-25"]])]


class ServicePromiseOut(ServicePromiseIn):
    """What is promised for a kind of conversation."""

    kind: ConversationKind
    changed_at: datetime
    revision: int


class PromiseFiguresOut(Resource):
    """How the promises made in a stretch of time went: answered in time or late, or still open, in time or late."""

    kind: ConversationKind
    nth: Literal["first", "next"]
    kept: int
    broken: int
    waiting: int
    overdue: int


class PromisesKeptOut(Resource):
    """How the promises went, by kind and by first and next answers."""

    since: datetime
    items: list[PromiseFiguresOut]
