"""The stream of all events and its consumers: how they are made, and what they say of themselves.

Making them is an administrator's step in production; in development a service does it at its start.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.bus import STREAM, ApiError, Bus, refused

SERVICES = ("policy", "training", "monitoring", "gateway")
STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014
NAME_IN_USE = 10058
WRONG_LAST_SEQUENCE = 10071
LAST_SEQUENCE = re.compile(r"wrong last sequence: (\d+)")
IMPOSSIBLE = 2**63 - 1
SECOND = 1_000_000_000
ACK_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How the stream is kept. Times in seconds."""

    replicas: int = 1
    max_age: float = 30 * 86_400
    max_bytes: int = 8 << 30
    duplicate_window: float = 120

    def config(self) -> dict[str, Any]:
        """Return the configuration as the JetStream API takes it.

        A full stream refuses (`discard: new`): the outboxes hold what it does not take, so nothing is lost.
        """
        return {
            "name": STREAM,
            "subjects": [f"{service}.>" for service in SERVICES],
            "storage": "file",
            "retention": "limits",
            "discard": "new",
            "max_age": int(self.max_age * SECOND),
            "max_bytes": self.max_bytes,
            "duplicate_window": int(self.duplicate_window * SECOND),
            "num_replicas": self.replicas,
            "allow_atomic": True,
        }


@dataclass(frozen=True, slots=True)
class StreamState:
    """What the stream holds. `created` identifies it: a stream that was made anew has another."""

    created: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """How far a consumer is: what it was not sent yet and what it has not acknowledged yet."""

    subjects: frozenset[str]
    pending: int
    unacknowledged: int

    @property
    def lag(self) -> int:
        """The number of events that are told and not handled."""
        return self.pending + self.unacknowledged


def subject_of(event_type: str, aggregate_id: str) -> str:
    """Return the subject of an event: its type and its aggregate's id, with what NATS would not take escaped."""
    return f"{event_type}.{quote(aggregate_id, safe='-_').replace('.', '%2E').replace('~', '%7E') or '%00'}"


async def ensure_stream(bus: Bus, settings: StreamSettings) -> StreamState:
    """Make the stream, or bring it to these settings."""
    try:
        return stream_state(await bus.api(f"STREAM.CREATE.{STREAM}", settings.config()))
    except ApiError as error:
        if error.code != NAME_IN_USE:
            raise
    return stream_state(await bus.api(f"STREAM.UPDATE.{STREAM}", settings.config()))


async def stream_info(bus: Bus) -> StreamState | None:
    """Return what the stream holds, or None when there is no stream."""
    try:
        return stream_state(await bus.api(f"STREAM.INFO.{STREAM}"))
    except ApiError as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        raise


async def last_position(bus: Bus, service: str) -> int:
    """Return the position of the last event on the stream that a service told, 0 for none.

    Asked by publishing on a condition that cannot hold: the refusal names the position, nothing is stored, and a
    service needs no right to read the stream past its own consumer.
    """
    headers = {
        "Nats-Expected-Last-Subject-Sequence": str(IMPOSSIBLE),
        "Nats-Expected-Last-Subject-Sequence-Subject": f"{service}.>",
    }
    try:
        refused(await bus.request(f"{service}.last", headers=headers))
    except ApiError as error:
        stated = LAST_SEQUENCE.search(str(error))
        if error.code == WRONG_LAST_SEQUENCE and stated:
            return int(stated[1])
        raise
    raise AssertionError("no stream has so many events")


def stream_state(answer: dict[str, Any]) -> StreamState:
    """Read a stream's state from an answer of the API."""
    return StreamState(answer["created"], answer["state"]["first_seq"], answer["state"]["last_seq"])


async def ensure_consumer(bus: Bus, durable: str, subjects: Sequence[str], replicas: int) -> None:
    """Make a durable consumer, or give it these subjects; where it stands is left as it is."""
    # No server-side `backoff`: it would override ack_wait, and a plain NAK ignores it.
    config = {
        "durable_name": durable,
        "name": durable,
        "ack_policy": "explicit",
        "ack_wait": int(ACK_WAIT * SECOND),
        "max_ack_pending": 2000,
        "max_deliver": -1,
        "deliver_policy": "all",
        "replay_policy": "instant",
        "filter_subjects": list(subjects),
        "num_replicas": replicas,
    }
    await bus.api(f"CONSUMER.CREATE.{STREAM}.{durable}", {"stream_name": STREAM, "config": config})


async def consumer_info(bus: Bus, durable: str) -> ConsumerState | None:
    """Return how far a consumer is, or None when there is none of this name."""
    try:
        answer = await bus.api(f"CONSUMER.INFO.{STREAM}.{durable}")
    except ApiError as error:
        if error.code in {CONSUMER_NOT_FOUND, STREAM_NOT_FOUND}:
            return None
        raise
    subjects = answer["config"].get("filter_subjects") or [answer["config"].get("filter_subject") or ">"]
    return ConsumerState(frozenset(subjects), answer["num_pending"], answer["num_ack_pending"])


async def reset_consumer(bus: Bus, durable: str, position: int) -> None:
    """Let a consumer deliver again, in order, all from `position` on (NATS ADR-60, server 2.14)."""
    await bus.api(f"CONSUMER.RESET.{STREAM}.{durable}", {"seq": position})
