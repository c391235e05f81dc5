"""What followed from an event: whether a service has handled it, and what it told while doing so.

By asking each service in turn, the gateway can hold a write's answer until all that it caused is applied.
"""

from collections.abc import Sequence

from pydantic import BaseModel

from shared.db import Session
from shared.inbox import Handlers, handled_before
from shared.outbox import told_because_of


class EventName(BaseModel):
    """An event by its id and type."""

    id: str
    type: str


class Consequences(BaseModel):
    """The events asked for that are still to be handled here, and those told while handling the others."""

    pending: list[str]
    told: list[EventName]


def consequences(session: Session, handlers: Handlers, events: Sequence[EventName]) -> Consequences:
    """Return what became of events in this service; one that it does not handle is neither pending nor the cause of any."""
    ids = [event.id for event in events if handlers.handles(event.type)]
    handled = handled_before(session, ids)
    told = told_because_of(session, sorted(handled))
    return Consequences(
        pending=[event for event in ids if event not in handled],
        told=[EventName(id=row.id, type=row.type) for row in told],
    )
