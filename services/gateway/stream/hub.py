"""Fans the log out: clients share one ring of frames, each remembers only how far it has come.

A client that falls behind the ring reads on from the log, so nothing is dropped and no client has a queue that
could grow. One whose connection takes nothing for `SEND_TIMEOUT` seconds is cut off.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.gateway.domain.event_log import Cursor, Logged
from services.gateway.stream.frames import Frame, Types, View
from shared.events.training import WorksCouncilModeChangedV1

RING = 4096
STRETCH = 256
SEND_TIMEOUT = 20.0
HEARTBEAT = 15.0

position_of = attrgetter("position")


class Client:
    """One open stream: how far it has come, and what it waits for."""

    __slots__ = ("epoch", "gone", "position", "sending_since", "task", "types", "view", "waiting")

    def __init__(self, cursor: Cursor, view: View, types: Types) -> None:
        self.epoch = cursor.epoch
        self.position = cursor.position
        self.view = view
        self.types = types
        self.gone = False
        self.sending_since: float | None = None
        self.waiting: asyncio.Future[None] | None = None
        self.task: asyncio.Task[object] | None = None

    def wake(self) -> None:
        """Let the client look again."""
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    def leave(self, _receive: object = None) -> None:
        """Note that the other side hung up."""
        self.gone = True
        self.wake()


class Hub:
    """The ring of the newest frames and the clients that follow it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge("shareload_sse_clients", "Clients of the event stream.", registry=registry)
        self._evicted = Counter(
            "shareload_sse_evicted", "Clients cut off because they took nothing.", registry=registry
        )
        self.epoch = ""
        self.position = 0
        self.beats = 0
        self._frames: list[Frame] = []
        self._before = 0
        self._joined: dict[tuple[View, Types, int], tuple[bytes, int]] = {}
        self._clients: set[Client] = set()

    def open(self, epoch: str, position: int) -> None:
        """Start with an empty ring after a position."""
        self.epoch, self.position, self._before = epoch, position, position
        self._frames = []

    def publish(self, epoch: str, stretch: Sequence[Logged]) -> None:
        """Add a stretch of the log to the ring and wake the clients."""
        if epoch != self.epoch or any(logged.type == WorksCouncilModeChangedV1.type for logged in stretch):
            # What was encoded before may name people whom nobody is to read of any more; the log is read anew.
            self.open(epoch, self.position)
        self._frames += [Frame(epoch, logged) for logged in stretch]
        if stretch:
            self.position = stretch[-1].position
        if len(self._frames) > 2 * RING:
            dropped = len(self._frames) - RING
            self._before = self._frames[dropped - 1].position
            del self._frames[:dropped]
        self._joined.clear()
        self.wake_all()

    def wake_all(self) -> None:
        """Let every client look again."""
        for client in self._clients:
            client.wake()

    def add(self, client: Client) -> None:
        """Let a client follow."""
        self._clients.add(client)
        self._open.set(len(self._clients))

    def remove(self, client: Client) -> None:
        """Forget a client."""
        self._clients.discard(client)
        self._open.set(len(self._clients))

    def holds(self, position: int) -> bool:
        """Say whether the ring reaches back to a position; otherwise the client reads the log."""
        return position >= self._before

    def after(self, position: int, limit: int) -> list[Frame]:
        """Return up to `limit` frames after a position to which the ring reaches back."""
        start = bisect_right(self._frames, position, key=position_of)
        return self._frames[start : start + limit]

    def next(self, client: Client) -> tuple[bytes, int]:
        """Return what a client has not seen, joined, and the position after it; the same for all who wait alike."""
        key = client.view, client.types, client.position
        joined = self._joined.get(key)
        if joined is None:
            frames = self.after(client.position, STRETCH)
            body = b"".join([frame.sse(client.view) for frame in frames if client.types.want(frame.type)])
            joined = self._joined[key] = (body, frames[-1].position if frames else client.position)
        return joined

    async def beat(self) -> None:
        """Give every client a heartbeat now and then, until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            self.beat_once()

    def beat_once(self) -> None:
        """Give every client a heartbeat, and cut off those who take nothing."""
        self.beats += 1
        now = time.monotonic()
        for client in list(self._clients):
            if client.sending_since is not None and now - client.sending_since > SEND_TIMEOUT and client.task:
                self._evicted.inc()
                client.task.cancel()
            client.wake()
