"""Where posts come from."""

from shared.events.base import Event, Operational, Public, told


@told
class SourceChangedV1(Event):
    """A source was set up or changed, or does otherwise than before: `new`, `well`, `failing` or `paused`."""

    type = "monitoring.source.changed.v1"
    id: Public[str]
    kind: Public[str]
    name: Operational[str]
    health: Public[str]
    last_error: Operational[str | None] = None


@told
class SourceRemovedV1(Event):
    """A source was removed; the posts that it brought stay."""

    type = "monitoring.source.removed.v1"
    id: Public[str]
