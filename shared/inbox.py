"""What a service does when it is told something: the registry of its handlers, and each event handled once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from shared.events.base import Envelope, Event

if TYPE_CHECKING:
    from shared.db import Session

Handler = Callable[[Any, "Session"], None]
EveryHandler = Callable[[Envelope, "Session"], None]
H = TypeVar("H", bound=Callable[[Any, "Session"], None])
W = TypeVar("W", bound=Callable[[Envelope, "Session"], None])


class Handlers:
    """Which functions of a service run for which event, each in the transaction that notes the event as handled.

    A handler may see an event before what it refers to (keep the fact, complete it later) and a state that it
    knows already (write upserts). `session.context.event` is the envelope it handles.
    """

    def __init__(self) -> None:
        self.by_type: dict[str, list[Handler]] = {}
        self.classes: dict[str, type[Event]] = {}
        self.of_every: list[EveryHandler] = []

    def on(self, *types: type[Event]) -> Callable[[H], H]:
        """Register a handler `(event, session)` of one or several event types."""

        def register(handler: H) -> H:
            for cls in types:
                self.classes[cls.type] = cls
                self.by_type.setdefault(cls.type, []).append(handler)
            return handler

        return register

    def every(self, handler: W) -> W:
        """Register a handler `(envelope, session)` of all events of all services, in the order of the stream."""
        self.of_every.append(handler)
        return handler

    def handles(self, event_type: str) -> bool:
        """Say whether an event of this type does anything here."""
        return bool(self.of_every) or event_type in self.by_type
