"""What is told of erasures, and of who read whose records."""

from datetime import datetime

from shared.events.base import Event, Operational, Public, told
from shared.events.erasures import ErasureFinished


@told
class GatewayErasureFinishedV1(ErasureFinished):
    """The gateway holds nothing any more that says who an erased person was."""

    type = "gateway.erasure.finished.v1"


@told
class RecordsReadV1(Event):
    """What a key was answered from the gateway's memory within a minute: about whom how often, and how many lists.

    Whoever keeps account of who looks at people's records counts it in.
    """

    type = "gateway.records.read.v1"
    id: Public[str]
    reader: Operational[str]
    what: Operational[str]
    at: Operational[datetime]
    people: Operational[dict[str, int]]
    lists: Operational[int] = 0
    departments: Operational[list[str] | None] = None
