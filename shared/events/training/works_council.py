"""What is told of works-council mode."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told


@told
class WorksCouncilModeChangedV1(Event):
    """From now on, figures of single people of a legal entity are shown, or are not; two people wanted it so.

    `*` stands for all legal entities of which nothing of their own was decided; `id` is made from the name, which may
    hold anything.
    """

    type = "training.works_council_mode.changed.v1"
    id: Public[str]
    legal_entity: Public[str]
    on: Public[bool]
    changed_at: Operational[datetime]
