"""How old the policies are that are answered from memory: since when everything that their owner told is known here.

Found out by asking, as for certificates: how long the owner's oldest event has waited to be told, then where the stream
ends, and then when all up to there is handled and read. What cannot be found out does not change, so the age grows.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from services.gateway.domain import event_log
from services.gateway.forward import Forwarder, ServiceAway
from services.gateway.read_model.policies import OWNER, READER, Policies
from services.gateway.stream.tail import Tail
from shared.bus import Bus, BusError
from shared.clock import Clock
from shared.db import Database, Session
from shared.following import POSITION
from shared.marks import read_mark, write_mark
from shared.streams import stream_info

log = structlog.get_logger()

EVERY = 5.0
AGAIN = 0.5
LOOK = 0.05
PATIENCE = 60.0
WORTH_SAYING = timedelta(seconds=10)
"""What is younger than this is as fresh as it can be known to be."""
KEPT_EVERY = timedelta(seconds=60)
"""How often the moment is written down, for a gateway that starts while the owner is away."""
MARK = "policies.as_of"


class PoliciesAge:
    """Says of an answer for a policy how old it may be."""

    def __init__(
        self, db: Database, forwarder: Forwarder, bus: Bus, clock: Clock, tail: Tail, policies: Policies
    ) -> None:
        self._db = db
        self._forwarder = forwarder
        self._bus = bus
        self._clock = clock
        self._tail = tail
        self._policies = policies
        self._as_of: datetime | None = None
        self._kept: datetime | None = None

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return what an answer says of its age (RFC 9111): nothing while it is fresh."""
        if self._as_of is None:
            return []
        age = self._clock.now() - self._as_of
        return [(b"age", b"%d" % age.total_seconds())] if age >= WORTH_SAYING else []

    async def run(self) -> None:
        """Find it out again and again, until cancelled."""
        kept = await self._db.read(read_mark, MARK)
        self._as_of = self._kept = datetime.fromisoformat(kept) if kept else None
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.look()
            except (BusError, ServiceAway, TimeoutError) as error:
                log.debug("cannot tell how old the policies are", error=str(error))
                await asyncio.sleep(AGAIN)
            else:
                await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Wait until what the owner has told by now is here; raises ServiceAway or BusError."""
        at = self._clock.now()
        state = await self._forwarder.readiness(OWNER, READER)
        if state.database != "up":
            raise ServiceAway("The policy service cannot say what it has told.")
        stream = await stream_info(self._bus)
        if stream is None:
            raise BusError("there is no stream yet")
        while await self._db.read(handled_up_to) < stream.last:  # noqa: ASYNC110  it may be another process that handles it
            await asyncio.sleep(LOOK)
        await self._tail.until((await self._db.read(event_log.extent)).newest)
        while not self._policies.current:  # noqa: ASYNC110  the owner is asked meanwhile
            await asyncio.sleep(LOOK)
        self._as_of = at - timedelta(seconds=state.outbox_age_seconds)
        if self._kept is None or self._as_of - self._kept >= KEPT_EVERY:
            await self._db.write(write_mark, MARK, self._as_of.isoformat())
            self._kept = self._as_of


def handled_up_to(session: Session) -> int:
    """Return the stream's position up to which all is handled here."""
    return int(read_mark(session, POSITION) or 0)
