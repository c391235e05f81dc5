"""How far people are trusted to answer by themselves."""

from datetime import datetime

from shared.events.base import Event, Operational, Personal, Public, told


class AutonomyTold(Event):
    """What every autonomy event carries: how far a person is trusted on a network; why is told to nobody."""

    id: Public[str]
    person: Operational[str]
    network: Public[str]
    level: Personal[str]
    since: Operational[datetime]
    appealed: Personal[bool] = False


@told
class AutonomyChangedV1(AutonomyTold):
    """Somebody said how far a person is trusted on a network, or answered their appeal."""

    type = "monitoring.autonomy.changed.v1"


@told
class AutonomyAppealedV1(AutonomyTold):
    """The person asked somebody else to look again at how far they are trusted."""

    type = "monitoring.autonomy.appealed.v1"
