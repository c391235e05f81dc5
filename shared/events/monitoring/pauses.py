"""When replies and routing stand still."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class PauseStartedV1(Event):
    """Replies and routing stopped for a scope."""

    type = "monitoring.pause.started.v1"
    id: Public[str]
    scope: Operational[str]
    reason: Operational[str]
    until: Operational[datetime | None] = None
    holding_statement: Operational[str | None] = None


@told
class PauseEndedV1(Event):
    """Replies and routing go on for a scope."""

    type = "monitoring.pause.ended.v1"
    id: Public[str]
    scope: Operational[str]
