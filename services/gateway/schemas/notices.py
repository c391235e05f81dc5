"""Bodies about notices, and about how people want to be told."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from shared.schemas import Body, Resource, Text

Kind = Literal[
    "conversation_yours",
    "conversation_due_soon",
    "conversation_passed_on",
    "conversation_came_back",
    "guidance_given",
    "certificate_expiring",
    "certificate_expired",
    "acknowledgement_due",
    "delta_due",
    "approval_requested",
    "digest_ready",
    "webhook_paused",
]
Choice = Literal["at_once", "daily", "off"]
Channel = Literal["email", "chat"]


def known_zone(name: str) -> str:
    """Refuse a time zone that is not in the IANA data."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not an IANA time zone") from None
    return name


def whole_minute(value: time) -> time:
    """Refuse a time of the day with seconds, or with an offset of its own."""
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError("is hours and minutes, without an offset: the zone stands beside it")
    return value


Zone = Annotated[Text, Field(min_length=1, max_length=64, examples=["Europe/Berlin"]), AfterValidator(known_zone)]
Clock = Annotated[
    time,
    AfterValidator(whole_minute),
    PlainSerializer(lambda value: value.strftime("%H:%M"), return_type=str),
    Field(examples=["20:00"]),
]
Weekday = Annotated[int, Field(ge=0, le=6)]


class ChatIn(Body):
    """An incoming webhook of a chat: whoever has its address can write there, so it is kept encrypted and never shown."""

    kind: Literal["slack", "teams"]
    url: Annotated[Text, Field(min_length=8, max_length=2000)]


class ChatOut(Resource):
    """Where a person's chat is; of its address only the host."""

    kind: str
    host: str


class NoticePreferencesIn(Body):
    """How somebody wants to be told. What is left out of `choices` comes as is usual; `chat` left out stays as it is."""

    email: bool = True
    choices: dict[Kind, Choice] = Field(default_factory=dict, examples=[{"digest_ready": "off"}])
    language: Literal["en", "de"] | None = None
    """Else the language that HR names."""
    zone: Zone | None = None
    """In which the times here stand; else that of the installation."""
    digest_at: Clock = time(8)
    """When what comes `daily` is sent."""
    quiet_from: Clock | None = None
    quiet_until: Clock | None = None
    """Nothing is sent from `quiet_from` to `quiet_until`, overnight where the end is not later; the bell shows it."""
    quiet_days: Annotated[list[Weekday], Field(max_length=6, default_factory=list, examples=[[5, 6]])]
    """Days of the week on which nothing is sent; 0 is Monday."""
    chat: ChatIn | None = None

    @model_validator(mode="after")
    def leave_some_time(self) -> Self:
        """Refuse half of the quiet hours, and what would be quiet for ever."""
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet_from and quiet_until belong together")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("quiet_from and quiet_until must differ")
        if len(set(self.quiet_days)) == 7:
            raise ValueError("at least one day of the week must not be quiet")
        return self


class NoticePreferencesOut(Resource):
    """How somebody is told now, with what is usual where they chose nothing."""

    employee_number: str
    revision: int
    email: bool
    choices: dict[Kind, Choice]
    language: str | None
    zone: str | None
    digest_at: Clock
    quiet_from: Clock | None
    quiet_until: Clock | None
    quiet_days: list[int]
    chat: ChatOut | None
    changed_at: datetime | None


class NoticeOut(Resource):
    """Something that the caller should know. `over_at` says when it was dealt with."""

    id: str
    kind: Kind
    title: str
    name: str | None
    """What it is about: a network, a certification, a policy."""
    link: str
    """Where in the portal one sees to it."""
    due_at: datetime | None
    at: datetime
    read_at: datetime | None
    over_at: datetime | None
