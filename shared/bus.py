"""The connection to NATS: publishing with acknowledgement, requests, and the answers of the JetStream API.

What nats-py offers above this is left aside on purpose: `fetch` stalls on sparse traffic and `publish_async` leaks
its futures when the server dies. A service starts without NATS; `connected` says whether it is there now.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from shared.ids import new_id
from shared.settings import ServiceSettings
from shared.tasks import end

STREAM = "EVENTS"
BATCH_FROM = 16
"""From so many waiting messages on one atomic batch is faster than one request each."""
BATCH_LIMIT = 1000
SENT_AT_ONCE = 256 * 1024
"""Bytes of a batch that are handed to the connection together."""
ACK_TIMEOUT = 5.0
API_TIMEOUT = 2.0
"""A cluster between two leaders drops questions without a word: asking again soon is what shortens the wait."""
RECONNECT_WAIT = 0.25
DUPLICATE_IN_BATCH = 10201

log = structlog.get_logger()


class BusError(Exception):
    """The broker is away, did not answer in time, or refused."""


class ApiError(BusError):
    """JetStream refused; `code` is its own error code."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way to the stream. Messages of one `lane` keep their order."""

    id: str
    subject: str
    lane: str
    body: bytes
    traceparent: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers: the id by which the stream drops repeats, and the trace."""
        headers = {"Nats-Msg-Id": self.id, "content-type": "application/cloudevents+json"}
        if self.traceparent:
            # It may have come with an event from outside: a line of its own would be a header of its own.
            headers["traceparent"] = " ".join(self.traceparent.split())
        return headers


@dataclass(slots=True)
class Published:
    """Which messages the stream has, with their positions, and what stopped the others."""

    positions: dict[str, int] = field(default_factory=dict)
    error: BusError | None = None


class QuietClient(Client):
    """nats-py's client, but that a server's death leaves neither open sockets nor messages to be sent later."""

    async def _connect_to_server(self, s: Any) -> None:
        if self._transport is not None:
            self._transport.close()  # type: ignore[no-untyped-call]
        await super()._connect_to_server(s)

    def forget_unsent(self) -> None:
        """Drop what waits to be written; subscriptions are made again from their own list."""
        self._pending = []
        self._pending_data_size = 0


class Bus:
    """One service's connection to NATS, renewed for ever."""

    def __init__(self, settings: ServiceSettings, name: str) -> None:
        self._urls = [url.strip() for url in settings.nats_url.split(",")]
        self._name = name
        self._seed = settings.nats_seed.get_secret_value() if settings.nats_seed else None
        self.client = QuietClient()
        self._inbox = f"_INBOX.{name}.{new_id()}"
        self._asked: dict[str, asyncio.Future[Msg]] = {}
        self._questions = itertools.count()
        self.connections = 0
        """Counts losses of the connection: what was known of the stream before the last one must be looked at again."""
        self._connecting: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._on_connected: list[Callable[[], None]] = []
        self._away = False
        self._notes: set[asyncio.Future[None]] = set()

    @property
    def connected(self) -> bool:
        """Say whether the broker can be reached at this moment."""
        return self.client.is_connected

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        self._connecting = asyncio.create_task(self._connect(), name="bus")

    async def stop(self) -> None:
        """Send what is waiting and close the connection."""
        if self._connecting is not None:
            await end(self._connecting)
        await self.client.close()

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever a connection is made anew."""
        self._on_connected.append(callback)

    async def wait_connected(self) -> None:
        """Wait until the broker is there."""
        while not self.connected:
            self._up.clear()
            await self._up.wait()

    async def _connect(self) -> None:
        await self.client.connect(
            servers=self._urls,
            name=self._name,
            inbox_prefix=f"_INBOX.{self._name}",
            nkeys_seed_str=self._seed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=cast(int, RECONNECT_WAIT),
            ping_interval=10,
            skip_subject_validation=True,
            error_cb=self._failed,
            disconnected_cb=self._lost,
            reconnected_cb=self._renewed,
        )
        await self.subscribe(f"{self._inbox}.*", self._answered)
        await self._renewed()

    async def _renewed(self) -> None:
        self._away = False
        log.info("broker connected", service=self._name)
        self._up.set()
        for callback in self._on_connected:
            callback()

    async def _lost(self) -> None:
        """Fail at once what waits for an answer, and forget what was not sent: its senders send it again.

        Sent later, it would reach a broker that may have come back with another store, before anybody has looked.
        """
        log.warning("broker lost", service=self._name)
        self.connections += 1
        self.client.forget_unsent()
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(BusError("the connection to the broker broke"))

    async def _answered(self, msg: Msg) -> None:
        waiting = self._asked.get(msg.subject.rpartition(".")[2])
        if waiting is not None and not waiting.done():
            waiting.set_result(msg)

    async def _failed(self, error: Exception) -> None:
        """Say once that the broker is away, and always what else went wrong, a failed receiver among it."""
        if self.connected or not self._away:
            log.warning("broker trouble", service=self._name, error=repr(error))
        self._away = not self.connected

    async def request(
        self, subject: str, body: bytes = b"", *, headers: dict[str, str] | None = None, within: float = ACK_TIMEOUT
    ) -> bytes:
        """Return the answer to a request; raises BusError when there is none `within` seconds."""
        if not self.connected:
            raise BusError("the broker is away")
        question = str(next(self._questions))
        waiting = self._asked[question] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(within):
                await self.write(subject, body, reply=f"{self._inbox}.{question}", headers=headers)
                answer = await waiting
        except TimeoutError:
            raise BusError(f"{subject} was not answered within {within:.0f} s") from None
        finally:
            del self._asked[question]
        if not answer.data and (answer.headers or {}).get("Status") == "503":
            raise BusError(f"nobody answers {subject}")
        return bytes(answer.data)

    async def api(self, subject: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the JetStream API; raises ApiError when it refuses."""
        return refused(await self.request(f"$JS.API.{subject}", orjson.dumps(body or {}), within=API_TIMEOUT))

    def notify(self, subject: str) -> None:
        """Send an empty message if the broker is there; nobody counts on its arrival."""
        if self.connected:
            note = asyncio.ensure_future(self.client.publish(subject))
            self._notes.add(note)
            note.add_done_callback(self._noted)

    def _noted(self, note: asyncio.Future[None]) -> None:
        self._notes.discard(note)
        if not note.cancelled() and note.exception() is not None:
            log.debug("message not sent", service=self._name, error=repr(note.exception()))

    async def send(self, protocol: bytes) -> None:
        """Write many commands to the socket at once; lost without a word when the broker is away."""
        if self.connected:
            await self.client._send_command(protocol)  # noqa: SLF001  a publish each costs 40 % of the throughput
            await self.client._flush_pending()  # noqa: SLF001

    async def subscribe(
        self, subject: str, receive: Callable[[Msg], Awaitable[None]], *, queue: str = ""
    ) -> Subscription:
        """Receive messages as they come; with `queue`, one of several processes gets each."""
        try:
            return await self.client.subscribe(
                subject, queue=queue, cb=receive, pending_bytes_limit=0, pending_msgs_limit=0
            )
        except (NatsError, OSError) as error:
            raise BusError(repr(error)) from error

    async def write(self, subject: str, body: bytes, *, reply: str = "", headers: dict[str, str] | None = None) -> None:
        """Send a message without waiting for anything."""
        try:
            await self.client.publish(subject, body, reply=reply, headers=headers)
        except (NatsError, OSError) as error:
            raise BusError(repr(error)) from error

    async def publish(self, messages: Sequence[Message]) -> Published:
        """Store messages in the stream, in order within a lane; what is stored is stored for good.

        An id that the stream has seen within its window counts as published.
        """
        if not self.connected:
            return Published(error=BusError("the broker is away"))
        if len(messages) >= BATCH_FROM:
            try:
                return await self._publish_batch(messages[:BATCH_LIMIT])
            except ApiError as error:
                if error.code != DUPLICATE_IN_BATCH:
                    return Published(error=error)
            except BusError as error:
                return Published(error=error)
        return await self._publish_singly(messages)

    async def _publish_batch(self, messages: Sequence[Message]) -> Published:
        """Publish all or nothing (NATS ADR-50): one sync of the disk for all of them."""
        batch = new_id()
        *others, last = messages
        waiting: list[bytes] = []
        size = 0
        for number, message in enumerate(others, 1):
            waiting.append(in_batch(message, batch, number))
            size += len(waiting[-1])
            if size > SENT_AT_ONCE:
                await self.send(b"".join(waiting))
                waiting, size = [], 0
        await self.send(b"".join(waiting))
        place = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
        answer = refused(await self.request(last.subject, last.body, headers=last.headers() | place))
        first = cast(int, answer["seq"]) - len(messages) + 1
        return Published({message.id: first + number for number, message in enumerate(messages)})

    async def _publish_singly(self, messages: Sequence[Message]) -> Published:
        """Publish lanes side by side; within a lane one after the other, and none after one that failed."""
        lanes: dict[str, list[Message]] = {}
        for message in messages:
            lanes.setdefault(message.lane, []).append(message)
        published = Published()
        await asyncio.gather(*(self._publish_lane(lane, published) for lane in lanes.values()))
        return published

    async def _publish_lane(self, lane: list[Message], published: Published) -> None:
        try:
            for message in lane:
                answer = refused(await self.request(message.subject, message.body, headers=message.headers()))
                published.positions[message.id] = answer["seq"]
        except BusError as error:
            published.error = error


def in_batch(message: Message, batch: str, number: int) -> bytes:
    """Return a message of an atomic batch as the server reads it: nats-py takes several times as long over each."""
    headers = message.headers() | {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
    stated = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    head = f"NATS/1.0\r\n{stated}\r\n".encode()
    sizes = f"{len(head)} {len(head) + len(message.body)}"
    return b"HPUB %b %b\r\n%b%b\r\n" % (message.subject.encode(), sizes.encode(), head, message.body)


def refused(answer: bytes) -> dict[str, Any]:
    """Return a JetStream answer as a dict; raises ApiError when it is a refusal."""
    content = cast("dict[str, Any]", orjson.loads(answer))
    if "error" in content:
        raise ApiError(content["error"].get("err_code", 0), content["error"].get("description", ""))
    return content
