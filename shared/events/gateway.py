"""What the gateway tells."""

from datetime import datetime

from shared.events.base import Event, Operational, Personal, Public, told
from shared.events.erasures import ErasureFinished


@told
class KeyCreatedV1(Event):
    """An API key was made."""

    type = "gateway.key.created.v1"
    id: Public[str]
    name: Operational[str]
    scopes: Operational[list[str]]


@told
class KeyRevokedV1(Event):
    """An API key stopped working."""

    type = "gateway.key.revoked.v1"
    id: Public[str]


@told
class SignedInV1(Event):
    """A person signed in to the portal."""

    type = "gateway.sign_in.succeeded.v1"
    id: Public[str]
    person: Personal[str]
    at: Operational[datetime]


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
