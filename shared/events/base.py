"""What an event is: a past-tense fact with a version, in a CloudEvents 1.0 envelope.

Each field of an event's data carries a privacy class. `redact` removes what a reader may not see, and
the contract tests refuse a field without a class.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class Privacy(StrEnum):
    """Who may see a field: everyone, colleagues at work, those who handle people's data, those who read posts."""

    PUBLIC = "public"
    OPERATIONAL = "operational"
    PERSONAL = "personal"
    CONTENT = "content"


T = TypeVar("T")
Public = Annotated[T, Privacy.PUBLIC]
Operational = Annotated[T, Privacy.OPERATIONAL]
Personal = Annotated[T, Privacy.PERSONAL]
Content = Annotated[T, Privacy.CONTENT]


class Event(BaseModel):
    """The data of one kind of event.

    A subclass names its `type` (`<service>.<resource>.<past tense>.v<n>`) and the field that identifies its
    aggregate. Fields may be added with a default, never removed or changed: that needs a V2.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    type: ClassVar[str]
    aggregate_field: ClassVar[str] = "id"
    begins: ClassVar[bool] = False
    """Whether it is always the first that is told of its aggregate, which is new then."""

    @property
    def aggregate_id(self) -> str:
        """The id of what this event is about; last token of its subject."""
        return str(getattr(self, self.aggregate_field))

    @classmethod
    def resource(cls) -> str:
        """The resource in the type: `certificate` of `training.certificate.issued.v1`."""
        return cls.type.split(".")[1]

    @classmethod
    def teller(cls) -> str:
        """The service that tells it: `training` of `training.certificate.issued.v1`."""
        return cls.type.split(".")[0]


D = TypeVar("D", bound=Event)


class CloudEvent(BaseModel, Generic[D]):
    """CloudEvents 1.0 structured JSON; `aggregateversion` counts the events of one aggregate from 1.

    `causationid` is the event whose handling told this one. Source: https://github.com/cloudevents/spec.
    """

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = "application/json"
    traceparent: str | None = None
    causationid: str | None = None
    aggregateversion: int = 0
    data: D


class Envelope(CloudEvent[Event]):
    """A CloudEvent whose data has not been read as its own class yet."""

    data: dict[str, Any]  # type: ignore[assignment]


CATALOGUE: dict[str, type[Event]] = {}


def told(cls: type[D]) -> type[D]:
    """Enter an event class in the catalogue under its type."""
    if cls.type in CATALOGUE:
        raise ValueError(f"{cls.type} is in the catalogue already")
    CATALOGUE[cls.type] = cls
    return cls


def privacy_of(cls: type[BaseModel], name: str) -> Privacy:
    """Return the privacy class of a field; raises LookupError when it has none."""
    for mark in cls.model_fields[name].metadata:
        if isinstance(mark, Privacy):
            return mark
    raise LookupError(f"{cls.__name__}.{name} has no privacy class")


def redact(event_type: str, data: dict[str, Any], visible: frozenset[Privacy]) -> dict[str, Any]:
    """Return the fields of an event's data that a reader who may see `visible` classes gets.

    A type that is not in the catalogue, or a field it does not know, is left out: fail closed.
    """
    cls = CATALOGUE.get(event_type)
    if cls is None:
        return {}
    return {
        name: value for name, value in data.items() if name in cls.model_fields and privacy_of(cls, name) in visible
    }


__all__ = [
    "CATALOGUE",
    "CloudEvent",
    "Content",
    "Envelope",
    "Event",
    "Field",
    "Operational",
    "Personal",
    "Privacy",
    "Public",
    "privacy_of",
    "redact",
    "told",
]
