"""One endpoint being told: what is new in the log, a replay beside it, and what is to be tried again.

Each endpoint has tasks and connections of its own, so one that hangs holds up no other. The log is the queue: an
endpoint that is down is asked with one event at a time, and all others stay where they are until it is back.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import orjson
from prometheus_client import Counter

from services.gateway.connectors.post import Line
from services.gateway.domain import event_log
from services.gateway.domain.event_log import Cursor
from services.gateway.domain.webhooks import messages, outcomes, schedule, signing
from services.gateway.domain.webhooks.addresses import IpNetwork
from services.gateway.domain.webhooks.messages import Attempt, Message
from services.gateway.domain.webhooks.outcomes import LOST, Due, Place
from services.gateway.stream.frames import Frame, types_of
from services.gateway.stream.hub import Hub
from services.gateway.tables import Webhook
from shared.clock import Clock
from shared.db import Database
from shared.safe import Safe

AT_ONCE = 4
"""Messages under way to one endpoint, of what is new; and as many of what is tried again."""
LOOKED_AT = 256
"""Events that are read from the log at once."""
ROUND = 50
"""Messages of one round, at most: what came of them is written down together."""
ROUND_SECONDS = 1.0
"""After which no further message of a round is begun."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Desk:
    """What all endpoints are served from."""

    db: Database
    clock: Clock
    hub: Hub
    safe: Safe
    allowed: Sequence[IpNetwork]
    attempts: Counter


class Keys:
    """An endpoint's secrets, opened once; the one before signs, too, until its time is over."""

    def __init__(self, row: Webhook, safe: Safe) -> None:
        self._now = safe.open(row.id, row.secret)
        self._before = safe.open(row.id, row.previous_secret) if row.previous_secret is not None else None
        self._until = row.previous_until

    def valid(self, now: datetime) -> list[bytes]:
        """Return the secrets that sign at a time."""
        before = self._before if self._until is not None and now < self._until else None
        return [self._now] if before is None else [self._now, before]


async def post(line: Line, keys: Keys, message: Message, now: datetime) -> Attempt:
    """Sign a message for this moment and post it."""
    stamp = int(now.timestamp())
    signature = signing.sign(keys.valid(now), message.event_id, stamp, message.body)
    headers = [
        (b"webhook-id", message.event_id.encode()),
        (b"webhook-timestamp", b"%d" % stamp),
        (b"webhook-signature", signature.encode()),
    ]
    return await line.post(message.body, headers)


class Channel:
    """An endpoint as it was at one revision; a change of it makes another channel."""

    def __init__(self, row: Webhook, desk: Desk) -> None:
        self.id = row.id
        self.revision = row.revision
        self.position = self.saved = row.position
        self.news = asyncio.Event()
        self.due = asyncio.Event()
        self.failures = 0
        self._desk = desk
        self._epoch = row.epoch
        self._ordered = row.ordering == "subject"
        self._types = types_of(",".join(row.types))
        self._view = messages.view(row.id, row.scopes)
        self._keys = Keys(row, desk.safe)
        self._line = Line(row.url, desk.allowed, desk.clock)
        self._probe_at = datetime.min.replace(tzinfo=desk.clock.now().tzinfo)
        self._replay = Replay.of(row)

    @property
    def down(self) -> bool:
        """Say whether the endpoint has failed so often that it is only asked now and then."""
        return self.failures >= schedule.DOWN_AFTER

    @property
    def unsaved(self) -> Place | None:
        """Return how far the endpoint is, where nothing that it wanted has been written down for a while."""
        return Place(self.position, self._epoch) if self.position > self.saved else None

    async def run(self) -> None:
        """Tell the endpoint, until cancelled or until it is not to be told any more."""
        try:
            async with asyncio.TaskGroup() as tasks:
                works = [tasks.create_task(self._follow(self.news, self._tell_new))]
                works.append(tasks.create_task(self._follow(self.due, self._try_again)))
                await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
                for work in works:
                    work.cancel()
        finally:
            self._line.close()

    def rest(self) -> None:
        """Hang up connections that nobody has needed for a while."""
        self._line.close_idle()

    async def _follow(self, woken: asyncio.Event, step: Callable[[], Awaitable[bool | None]]) -> None:
        """Take steps while there is something to do (True), wait while there is not (False), and end (None)."""
        while True:
            woken.clear()
            more = await step()
            if more is None:
                return
            if not more:
                await woken.wait()

    async def _tell_new(self) -> bool | None:
        if self.down and self._desk.clock.now() < self._probe_at:
            return False
        if await self._lost_its_place():
            return True
        frames = await self._after(self.position)
        if frames:
            was_down = self.down
            wanted = [frame for frame in frames if self._types.want(frame.type)]
            sent = await self._send_new(wanted[: 1 if was_down else ROUND])
            self.position = place_after(frames, wanted, sent, self.position)
            if sent and not await self._keep(sent, Place(self.position, self._epoch), was_down=was_down):
                return None
            self.saved = self.position if sent else self.saved
        replayed = await self._send_replay() if self._replay is not None and not self.down else False
        return None if replayed is None else bool(frames) or replayed

    async def _lost_its_place(self) -> bool:
        """Tell the endpoint to load snapshots where events may be missing; say whether it was so."""
        hub, reason = self._desk.hub, None
        if hub.epoch != self._epoch:
            reason = "epoch"
        elif not hub.holds(self.position):
            extent = await self._desk.db.read(event_log.extent)
            if self.position < extent.before_oldest:
                reason, self.position = "cursor", extent.before_oldest
        if reason is None:
            return False
        self._epoch = hub.epoch
        message = messages.resync(self.id, reason, Cursor(self._epoch, self.position), self._desk.clock.now())
        await self._desk.db.write(outcomes.tell_resync, self.id, message, Place(self.position, self._epoch))
        self.due.set()
        return True

    async def _after(self, position: int) -> list[Frame]:
        hub = self._desk.hub
        if hub.holds(position):
            return hub.after(position, LOOKED_AT)
        return [Frame(hub.epoch, row) for row in await self._desk.db.read(event_log.after, position, LOOKED_AT)]

    async def _send_replay(self) -> bool | None:
        replay = self._replay
        if replay is None:
            return False
        frames = [frame for frame in await self._after(replay.position) if frame.position <= replay.until]
        types = types_of(",".join(replay.types)) if replay.types else self._types
        wanted = [frame for frame in frames if types.want(frame.type) and self._types.want(frame.type)]
        sent = await self._send_new(wanted[:ROUND])
        replay.position = place_after(frames, wanted, sent, replay.until)
        over = replay.position >= replay.until
        self._replay = None if over else replay
        if not await self._keep(sent, Place(replay.position, self._epoch, replay=True), was_down=False):
            return None
        return not over

    async def _send_new(self, frames: Sequence[Frame]) -> list[tuple[Message, Attempt | None]]:
        """Send events, in their order where that is asked for; return those that were begun with what came of them."""
        if not frames:
            return []
        held = await self._desk.db.read(outcomes.held_subjects, self.id) if self._ordered else set()
        turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

        async def send(frame: Frame) -> tuple[Message, Attempt | None]:
            body = frame.line(self._view)
            message = Message(frame.logged.id, frame.type, orjson.loads(body)["subject"], body)
            if not self._ordered:
                return message, await self._post(message)
            async with turns[message.subject]:
                attempt = None if message.subject in held else await self._post(message)
                if attempt is None or not attempt.arrived:
                    held.add(message.subject)
                return message, attempt

        return await self._some_at_once(frames, send)

    async def _some_at_once(self, items: Iterable[T], do: Callable[[T], Awaitable[R]]) -> list[R]:
        """Do something for the first of some items, a few at a time, until the round's time is over or all fail."""
        ends = asyncio.get_running_loop().time() + ROUND_SECONDS
        was_down = self.down
        done: dict[int, R] = {}

        async def work(left: Iterator[tuple[int, T]]) -> None:
            for place, item in left:
                done[place] = await do(item)
                if asyncio.get_running_loop().time() > ends or (self.down and not was_down):
                    return

        left = iter(list(enumerate(items)))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(1 if was_down else AT_ONCE):
                tasks.create_task(work(left))
        return [done[place] for place in sorted(done)]

    async def _post(self, message: Message) -> Attempt:
        attempt = await post(self._line, self._keys, message, self._desk.clock.now())
        self._desk.attempts.labels("arrived" if attempt.arrived else "failed").inc()
        self.failures = 0 if attempt.arrived else self.failures + 1
        if self.down:
            self._probe_at = self._desk.clock.now() + schedule.probe_after(self.failures)
        return attempt

    async def _keep(self, sent: Sequence[tuple[Message, Attempt | None]], place: Place, *, was_down: bool) -> bool:
        goes_on = await self._desk.db.write(outcomes.keep_new, self.id, sent, place, hasten=was_down and not self.down)
        if any(attempt is None or not attempt.arrived for _, attempt in sent) or was_down:
            self.due.set()
        return goes_on

    async def _try_again(self) -> bool | None:
        limit = 1 if self.down else ROUND
        found = await self._desk.db.read(outcomes.due, self.id, limit, self._view)
        if not found:
            return False
        was_down = self.down

        async def send(each: Due) -> tuple[Due, Attempt]:
            if each.lost:
                return each, Attempt(self._desk.clock.now(), 0, error=LOST)
            return each, await self._post(each.message)

        sent = await self._some_at_once(found, send)
        back = was_down and not self.down
        if not await self._desk.db.write(outcomes.keep_again, self.id, sent, hasten=back):
            return None
        if back:
            self.news.set()
        return True


@dataclass
class Replay:
    """A replay under way."""

    position: int
    until: int
    types: list[str] | None

    @classmethod
    def of(cls, row: Webhook) -> "Replay | None":
        """Return an endpoint's replay."""
        if row.replay_position is None or row.replay_until is None:
            return None
        return cls(row.replay_position, row.replay_until, row.replay_types)


def place_after(frames: Sequence[Frame], wanted: Sequence[Frame], sent: Sequence[object], otherwise: int) -> int:
    """Return the position up to which everything is dealt with: of what is wanted, only what was begun has been."""
    if len(sent) < len(wanted):
        return wanted[len(sent)].position - 1
    return frames[-1].position if frames else otherwise
