"""What must not be forgotten yet."""

from shared.events.base import Event, Operational, Public, told


class LegalHoldTold(Event):
    """What is told of a legal hold: that there is one, and on what kind of thing.

    On whom or what, and why, is for administrators to read under its id.
    """

    id: Public[str]
    scope: Operational[str]


@told
class LegalHoldPlacedV1(LegalHoldTold):
    """Something is kept, however old it gets."""

    type = "monitoring.legal_hold.placed.v1"


@told
class LegalHoldReleaseAskedV1(LegalHoldTold):
    """Somebody asked to lift a hold, which somebody else has to confirm."""

    type = "monitoring.legal_hold.release_asked.v1"


@told
class LegalHoldLiftedV1(LegalHoldTold):
    """Two people lifted a hold."""

    type = "monitoring.legal_hold.lifted.v1"
