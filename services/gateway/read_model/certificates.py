"""Who is certified now, kept in memory: the question that HR systems ask most, answered while the owner is busy or away.

What is kept follows the gateway's own copy, which follows events. It answers only while it is known to reflect what the
owner had told a minute ago at most, and only what it is sure of; all else is the owner's to answer.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import structlog

from services.gateway.domain import certificates
from services.gateway.domain.event_log import Logged
from services.gateway.forward import Forwarder, ServiceAway
from services.gateway.read_model import packed
from services.gateway.read_model.packed import Common, Unclear, micros
from services.gateway.read_model.reads import Reads
from shared.auth import INTERNAL, Principal
from shared.bus import Bus, BusError
from shared.clock import Clock
from shared.db import Database
from shared.statements import Row
from shared.streams import consumer_info, stream_info

log = structlog.get_logger()

OWNER = certificates.OWNER
COVERED_BY = certificates.CERTIFICATE.index("covered")
ASKING = Principal(id="gateway", scopes=frozenset({INTERNAL}))
SCOPE = "certificates:read"
CHANGES = ("training.certificate.", "training.person.")
PAGE = 500
LOOK = 1.0
"""Seconds between looks for what a snapshot, or another gateway process, brought."""
OLDEST = timedelta(seconds=60)
"""Older than this, what is kept answers nothing: somebody's rights depend on it."""
CONFIRMED_EVERY = 5.0
WORTH_SAYING = 10
"""Seconds up to which an answer is as fresh as it can be known to be."""
AGAIN = 0.5
PATIENCE = 60.0
"""Seconds after which a reader who wrote something is no longer sent to the owner for it."""
REMEMBERED = 10_000
"""Events that are remembered as applied, for writers whose answer is slower than their events."""
NUMBER = re.compile(r"[^\s/\x00]{1,64}")
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Certificates:
    """Answers for certificates as of now, and who must still be sent to the owner to read what they wrote."""

    def __init__(self, db: Database, forwarder: Forwarder, bus: Bus, clock: Clock) -> None:
        self._db = db
        self._forwarder = forwarder
        self._bus = bus
        self._clock = clock
        self.reads = Reads(db)
        self._common = Common()
        self._people: dict[str, bytes] = {}
        self._numbers: dict[bytes, str] = {}
        self._former: dict[bytes, list[str]] = {}
        self._now_called: dict[str, str] = {}
        self._sections: dict[str, bytes] = {}
        self._position = 0
        self._as_of: datetime | None = None
        self._news = asyncio.Event()
        self._heard: list[str] = []
        self._heard_up_to = self._applied_up_to = 0
        self._applied: OrderedDict[str, None] = OrderedDict()
        self._passed = asyncio.Condition()
        self._refreshing = asyncio.Lock()
        self._awaited: dict[str, tuple[float, set[str]]] = {}

    def follow(self, _epoch: str, stretch: Sequence[Logged]) -> None:
        """Note which events are in the copy now, and have it read."""
        self._heard += [logged.id for logged in stretch if logged.type.startswith(CHANGES)]
        if stretch:
            self._heard_up_to = stretch[-1].position
            self._news.set()

    async def run(self) -> None:
        """Take over what changes, until cancelled; at first everything."""
        while True:
            await self.refresh()
            try:
                async with asyncio.timeout(LOOK):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def refresh(self) -> None:
        """Take over all that changed in the copy."""
        async with self._refreshing:
            self._news.clear()
            heard, self._heard, up_to = self._heard, [], self._heard_up_to
            more = True
            while more:
                changed = await self._db.read(certificates.changed, self._position, PAGE)
                unknown = {row[COVERED_BY] for _, held in changed.holders for row in held} - self._sections.keys()
                if unknown:
                    self._sections |= await self._db.read(certificates.sections, unknown)
                for person, held in changed.holders:
                    self._take(person, held)
                self._position = changed.position
                more = len(changed.holders) == PAGE
                await asyncio.sleep(0)
            self._settle(heard)
            self._applied_up_to = up_to
        async with self._passed:
            self._passed.notify_all()

    def _take(self, person: Row, held: list[Row]) -> None:
        *known, former = person
        key, number = UUID(known[0]).bytes, known[1]
        before = self._numbers.pop(key, None)
        self._call(key, before, number, orjson.loads(former or "[]"))
        if before is not None and self._people.get(before, b"").startswith(key):
            del self._people[before]
        if number is not None:
            self._numbers[key] = number
            self._people[number] = packed.pack(self._common, tuple(known), held, self._sections)

    def _call(self, key: bytes, before: str | None, number: str | None, former: list[str]) -> None:
        """Note under which other numbers a person is found, and no longer those under which they were."""
        for one in self._former.pop(key, ()):
            if self._now_called.get(one) == before:
                del self._now_called[one]
        if former and number is not None:
            self._former[key] = former
            self._now_called.update(dict.fromkeys(former, number))

    def _settle(self, events: list[str]) -> None:
        self._applied.update(dict.fromkeys(events))
        while len(self._applied) > REMEMBERED:
            self._applied.popitem(last=False)
        for principal, (until, awaited) in list(self._awaited.items()):
            awaited.difference_update(events)
            if not awaited or until < time.monotonic():
                del self._awaited[principal]

    async def confirm(self) -> None:
        """Find out again and again, until cancelled, since when everything that the owner told is here."""
        while True:
            try:
                async with asyncio.timeout(OLDEST.total_seconds()):
                    await self.look()
            except (BusError, ServiceAway, TimeoutError) as error:
                log.debug("cannot tell how old the certificates are", error=str(error))
                await asyncio.sleep(AGAIN)
            else:
                await asyncio.sleep(CONFIRMED_EVERY)

    async def look(self) -> None:
        """Wait until what the owner has told by now is on the stream, handled and read; raises ServiceAway or BusError."""
        at = self._clock.now()
        state = await self._forwarder.readiness(OWNER, ASKING)
        if state.database != "up":
            raise ServiceAway("The training service cannot say what it has told.")
        stream = await stream_info(self._bus)
        if stream is None:
            raise BusError("there is no stream yet")
        while not await self._handled(stream.last):  # noqa: ASYNC110  it may be another process that handles it
            await asyncio.sleep(AGAIN / 10)
        await self.refresh()
        self._as_of = at - timedelta(seconds=state.outbox_age_seconds)

    async def _handled(self, position: int) -> bool:
        handled = await self._db.read(certificates.handled_up_to)
        if handled is None or handled >= position:
            return handled is not None
        # The position says nothing of events that were given up last.
        consumer = await consumer_info(self._bus, "gateway")
        return consumer is not None and consumer.lag == 0

    async def until(self, position: int) -> None:
        """Wait until everything up to a position of the event log is in the answers."""
        async with self._passed:
            await self._passed.wait_for(lambda: self._applied_up_to >= position)

    def begin(self, position: int) -> None:
        """Begin at a position of the event log: what came before it is read from the copy."""
        self._heard_up_to = self._applied_up_to = position

    def expect(self, principal: Principal, told: dict[str, str]) -> None:
        """Send a principal to the owner until the events of its own write are applied here."""
        concerned = {each for each, kind in told.items() if kind.startswith(CHANGES) and each not in self._applied}
        if concerned:
            _, awaited = self._awaited.get(principal.id, (0.0, set()))
            self._awaited[principal.id] = (time.monotonic() + PATIENCE, awaited | concerned)

    def _now(self, principal: Principal) -> datetime:
        """Return this moment; raises Unclear where what is kept may be too old, or older than what the reader wrote."""
        now = self._clock.now()
        if self._as_of is None or now - self._as_of > OLDEST:
            raise Unclear
        awaited = self._awaited.get(principal.id)
        if awaited is not None and awaited[0] > time.monotonic():
            raise Unclear
        return now

    def age(self) -> list[tuple[bytes, bytes]]:
        """Return what an answer says of its age (RFC 9111): nothing while it is fresh."""
        seconds = int((self._clock.now() - self._as_of).total_seconds()) if self._as_of else 0
        return [(b"age", b"%d" % seconds)] if seconds >= WORTH_SAYING else []

    def of_person(self, number: str, principal: Principal) -> bytes:
        """Return what a person holds, as the owner answers it; raises Unclear where the owner is to be asked.

        A colleague who looks at another's certificates is the owner's matter, since it keeps account of who looked.
        """
        now = self._now(principal)
        number = self._now_called.get(number, number)
        found = self._people.get(number)
        if found is None or not self._may_read(found, principal):
            raise Unclear
        if principal.person is None:
            self.reads.person(principal, "list_certificates_of_person", found[:16])
        items = packed.certificates(self._common, found, orjson.dumps(number), micros(now))
        return b'{"items":[%b],"next_cursor":null}' % b",".join(items)

    def _may_read(self, found: bytes, principal: Principal) -> bool:
        if principal.person is not None:
            own = found.startswith(UUID(principal.person).bytes)
            return own and bool(principal.scopes & {SCOPE, "self"})
        return SCOPE in principal.scopes and not self._hidden(found, self._departments(principal))

    def statuses(self, numbers: Sequence[str], certification: str | None, principal: Principal) -> bytes:
        """Return the status of each, in the order asked; raises Unclear where the owner is to be asked."""
        if SCOPE not in principal.scopes or principal.person is not None:
            raise Unclear
        moment = packed.Moment(self._common, self._now(principal))
        wanted = None
        if certification is not None:
            wanted = self._common.certifications.find(certification.encode())
            wanted = -1 if wanted is None else wanted
        departments = self._departments(principal)
        nothing = b"null" if certification is None else b'"%b"' % certification.encode()
        items: list[bytes] = []
        for number, name in zip(numbers, map(orjson.dumps, numbers), strict=True):
            found = self._people.get(self._now_called.get(number, number))
            if found is None and not NUMBER.fullmatch(number):
                raise Unclear
            if found is None or (departments is not None and self._hidden(found, departments)):
                items.append(packed.none(name, nothing, moment.as_of))
            elif (plain := packed.plain_status(found, name, wanted, moment)) is not None:
                items.append(plain)
            else:
                answers = packed.statuses(found, name, wanted, moment)
                items += answers or [packed.none(name, nothing, moment.as_of)]
        self.reads.list(principal, "find_certificate_statuses")
        return b'{"items":[%b]}' % b",".join(items)

    def _departments(self, principal: Principal) -> set[int | None] | None:
        """Return the departments that a key is limited to, by their numbers; None for all."""
        if principal.departments is None:
            return None
        return {self._common.departments.find(name.encode()) for name in principal.departments}

    def _hidden(self, found: bytes, departments: set[int | None] | None) -> bool:
        return departments is not None and packed.department_of(found) not in departments

    @property
    def size(self) -> int:
        """The number of people who are kept."""
        return len(self._people)
