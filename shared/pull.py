"""Receiving from a durable consumer: our own pull loop, with one standing request and joined acknowledgements.

The server sends up to `BATCH` messages per request as they come, and a heartbeat when it has none. Whoever takes
a batch decides when the next request goes out: nothing is pulled while a batch cannot be handled.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.bus import STREAM, Bus, BusError
from shared.streams import ACK_WAIT, SECOND

BATCH = 500
HEARTBEAT = 2.0
EXPIRES = 60.0

ACK = b"+ACK"
TERM = b"+TERM"
PROGRESS = b"+WPI"


class PullLostError(BusError):
    """The connection was renewed, the consumer is gone or the server fell silent: begin again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message from the stream, to be acknowledged."""

    body: bytes
    headers: dict[str, str]
    subject: str
    position: int
    reply: str


class Pull:
    """What a durable consumer delivers, batch by batch; used as `async with Pull(bus, durable) as pull`."""

    def __init__(self, bus: Bus, durable: str) -> None:
        self._bus = bus
        self._ask = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{durable}"
        self._inbox = bus.client.new_inbox()
        self._subscription: Subscription | None = None
        self._queue: deque[Delivery] = deque()
        self._held: dict[str, float] = {}
        self._arrived = asyncio.Event()
        self._lost: str | None = None
        self._request = 0
        self._outstanding = 0
        self._heard = time.monotonic()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._bus.subscribe(f"{self._inbox}.*", self._receive)
        self._keeper = asyncio.create_task(self._keep(), name="keep deliveries")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
        if self._subscription is not None:
            with contextlib.suppress(NatsError, OSError):
                await self._subscription.unsubscribe()

    def lose(self, why: str = "connection renewed") -> None:
        """Make whoever waits for the next batch begin again."""
        self._lost = why
        self._arrived.set()

    def wake(self) -> None:
        """Let `next_batch` return, though nothing came."""
        self._arrived.set()

    async def next_batch(self, wait: float) -> list[Delivery]:
        """Return what has come, at least one message unless `wait` seconds pass; raises PullLostError."""
        until = time.monotonic() + wait
        while not self._queue:
            self._check()
            await self._pull_if_idle()
            self._arrived.clear()
            try:
                async with asyncio.timeout(max(0.0, min(until - time.monotonic(), HEARTBEAT))):
                    await self._arrived.wait()
            except TimeoutError:
                self._check()
            if not self._queue and time.monotonic() >= until:
                return []
        self._check()
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH))]
        await self._pull_if_idle()
        return batch

    def _check(self) -> None:
        if self._outstanding and time.monotonic() - self._heard > 2.5 * HEARTBEAT:
            self._lost = "no heartbeat"
        if self._lost:
            raise PullLostError(self._lost)

    async def _pull_if_idle(self) -> None:
        if self._outstanding or len(self._queue) >= BATCH or not self._bus.connected:
            return
        self._request += 1
        self._outstanding = BATCH
        self._heard = time.monotonic()
        body = {"batch": BATCH, "expires": int(EXPIRES * SECOND), "idle_heartbeat": int(HEARTBEAT * SECOND)}
        await self._bus.write(self._ask, orjson.dumps(body), reply=f"{self._inbox}.{self._request}")

    async def _receive(self, msg: Msg) -> None:
        self._heard = time.monotonic()
        if not msg.reply:
            current = msg.subject.endswith(f".{self._request}")
            self._note_status(
                (msg.headers or {}).get("Status", ""), (msg.headers or {}).get("Description", ""), current=current
            )
            return
        # A delivery comes under its own subject, not the request's; one request stands at a time, so it is of that one.
        self._outstanding = max(0, self._outstanding - 1)
        self._queue.append(Delivery(msg.data, msg.headers or {}, msg.subject, position_of(msg.reply), msg.reply))
        self._held[msg.reply] = self._heard
        self._arrived.set()

    def _note_status(self, status: str, description: str, *, current: bool) -> None:
        """Take note of a heartbeat (100), the end of a request (404, 408, most 409) or the loss of the consumer."""
        if status == "100" or not current:
            return
        self._outstanding = 0
        if status == "503" or (status == "409" and "consumer" in description.lower()):
            self._lost = description.strip() or "no consumer"
        self._arrived.set()

    async def settle(self, deliveries: Iterable[Delivery], how: bytes = ACK) -> None:
        """Acknowledge, or terminate, many deliveries in one write."""
        replies = [delivery.reply for delivery in deliveries]
        for reply in replies:
            self._held.pop(reply, None)
        await self._bus.send(b"".join(b"PUB %b %d\r\n%b\r\n" % (reply.encode(), len(how), how) for reply in replies))

    async def _keep(self) -> None:
        """Tell the server of what is held for long that it is being worked on."""
        while True:
            await asyncio.sleep(ACK_WAIT / 6)
            now = time.monotonic()
            late = [reply for reply, since in self._held.items() if now - since > ACK_WAIT / 4]
            for reply in late:
                self._held[reply] = now
            await self._bus.send(
                b"".join(b"PUB %b %d\r\n%b\r\n" % (reply.encode(), len(PROGRESS), PROGRESS) for reply in late)
            )


def position_of(reply: str) -> int:
    """Read the stream position from an acknowledgement subject, which has 9 tokens or, with a domain, 11 and more."""
    tokens = reply.split(".")
    return int(tokens[5] if len(tokens) == 9 else tokens[7])
