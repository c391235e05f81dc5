"""What each service tells when it has erased a person; its own class stands beside its other events."""

from datetime import datetime

from shared.events.base import Event, Operational, Public


class ErasureFinished(Event):
    """A service holds nothing any more that says who a person was, or what they wrote.

    `aggregates` are those of which it had told something personal: whoever keeps events clears theirs, too.
    """

    id: Public[str]
    person: Operational[str]
    aggregates: Operational[list[str]]
    finished_at: Operational[datetime]
