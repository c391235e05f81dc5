"""What is sent to endpoints, and what came of sending it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from services.gateway.domain.event_log import SNAPSHOTS, Cursor
from services.gateway.stream.frames import View, view_of
from shared.context import Principal
from shared.ids import new_id

TESTED = "gateway.webhook.tested.v1"
RESYNC = "gateway.events.resync.v1"


@dataclass(frozen=True, slots=True)
class Message:
    """A CloudEvent for one endpoint; its id stays the same however often it is sent."""

    event_id: str
    type: str
    subject: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: the status and the first KB of an answer, or why there was none."""

    at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None
    answer: str | None = None
    retry_after: timedelta | None = None

    @property
    def arrived(self) -> bool:
        """Tell whether the endpoint has taken the message."""
        return self.status is not None and 200 <= self.status < 300


def reader(webhook_id: str, scopes: list[str]) -> Principal:
    """Return an endpoint as one who reads events."""
    return Principal(id=f"webhook:{webhook_id}", scopes=frozenset(scopes))


def view(webhook_id: str, scopes: list[str]) -> View:
    """Return what an endpoint may see of events: what a key with its scopes sees at GET /v1/events."""
    return view_of(reader(webhook_id, scopes))


def tested(webhook_id: str, name: str, now: datetime) -> Message:
    """Return an event that only says that an endpoint is being tried."""
    return made(TESTED, webhook_id, now, {"id": webhook_id, "name": name})


def resync(webhook_id: str, reason: str, cursor: Cursor, now: datetime) -> Message:
    """Return what an endpoint is told when events may be missing: load the snapshots; events go on from the cursor."""
    return made(RESYNC, webhook_id, now, {"reason": reason, "cursor": str(cursor), "snapshots": SNAPSHOTS})


def made(event_type: str, webhook_id: str, now: datetime, data: dict[str, object]) -> Message:
    """Return an event that concerns one endpoint alone, and so is in no log."""
    event_id, subject = new_id(), f"webhook/{webhook_id}"
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/gateway",
        "type": event_type,
        "subject": subject,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Message(event_id, event_type, subject, orjson.dumps(event))
