"""When replies and routing stand still."""

from shared.events.base import Event, Operational, Public, told


@told
class PauseStartedV1(Event):
    """Replies and routing stopped for a scope."""

    type = "monitoring.pause.started.v1"
    id: Public[str]
    scope: Operational[str]
    reason: Operational[str]


@told
class PauseEndedV1(Event):
    """Replies and routing go on for a scope."""

    type = "monitoring.pause.ended.v1"
    id: Public[str]
    scope: Operational[str]
