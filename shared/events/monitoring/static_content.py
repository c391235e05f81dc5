"""Words that stand somewhere until they are changed: profiles, advertisements."""

from shared.events.base import Event, Operational, Public, told


@told
class StaticContentChangedV1(Event):
    """A version of static content was written, approved, rejected, brought into use or taken out of it; never its words."""

    type = "monitoring.static_content.changed.v1"
    id: Public[str]
    kind: Public[str]
    network: Public[str]
    version: Public[int]
    state: Operational[str]
