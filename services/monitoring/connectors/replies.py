"""Sends approved replies through the source that can: where the service's lease is held, each reply exactly once."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from services.monitoring.connectors.bluesky import Bluesky, BlueskyConfig, sender_of
from services.monitoring.connectors.protocol import SourceTrouble
from services.monitoring.connectors.runner import Runner
from services.monitoring.domain.conversations import replies, sending
from services.monitoring.domain.conversations.sending import Outgoing
from services.monitoring.domain.sources import followed
from services.monitoring.schemas.conversations import DeliveryIn
from shared.bus import Bus
from shared.db import Database
from shared.tasks import DATABASE_AWAY

if TYPE_CHECKING:
    from services.monitoring.connectors.bluesky_replies import Sender

NETWORK = "bluesky"
MESSAGES = "at://"
"""How the ids of messages begin that were read from the network itself."""
POLL = 0.5
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0
"""Seconds until a reply that did not go out is tried again: doubled with each attempt."""

log = structlog.get_logger()


@dataclass(slots=True)
class Attempts:
    """How often a reply was tried, and when it is tried again."""

    made: int
    again: float


class Replies:
    """Sends what is due until cancelled.

    What cannot be sent for good is reported as failed, and is in the queue of replies that nobody confirmed; what did
    not go out for now is tried again, and gets there, too, when that takes too long.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._attempts: dict[str, Attempts] = {}
        self._source: tuple[str, int] | None = None
        self._sender: Sender | None = None

    async def run(self, db: Database, _bus: Bus) -> None:
        """Send until cancelled; a database that is away is waited for."""
        async with AsyncExitStack() as stack:
            while True:
                try:
                    await self._take_up(db, stack)
                    if self._sender is not None:
                        await self._send_due(db, self._sender)
                except DATABASE_AWAY as error:
                    log.warning("replies wait to be sent", error=str(error))
                await asyncio.sleep(POLL)

    async def _take_up(self, db: Database, stack: AsyncExitStack) -> None:
        """Follow which source sends, and as what it is set up now."""
        task = await db.read(followed.that_sends, Bluesky.kind)
        found = (task.id, task.revision) if task is not None else None
        if found == self._source:
            return
        await stack.aclose()
        self._source, self._sender = found, None
        if task is None:
            return
        try:
            config = self._runner.opened(task)
        except SourceTrouble as trouble:
            log.warning("replies cannot be sent", source=task.id, error=trouble.sentence)
            return
        assert isinstance(config, BlueskyConfig)  # noqa: S101  the kind says so
        self._sender = sender_of(config, await stack.enter_async_context(self._runner.surroundings(db)))

    async def _send_due(self, db: Database, sender: "Sender") -> None:
        now = asyncio.get_running_loop().time()
        self._attempts = {one: tried for one, tried in self._attempts.items() if now < tried.again + LONGEST_WAIT}
        waiting = [one for one, tried in self._attempts.items() if now < tried.again]
        ready = await db.read(sending.due, NETWORK, MESSAGES, waiting)
        for outcome in await asyncio.gather(*(self._send(db, sender, one) for one in ready), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def _send(self, db: Database, sender: "Sender", reply: Outgoing) -> None:
        """Send one reply and say what became of it."""
        from services.monitoring.connectors.bluesky_replies import Impossible

        try:
            if not await db.write(sending.intend, reply.id, await sender.address(reply)):
                return
            report = DeliveryIn(status="delivered", network_id=await sender.send(reply))
        except Impossible as error:
            report = DeliveryIn(status="failed", error=str(error))
        except SourceTrouble as trouble:
            await self._later(db, reply, trouble)
            return
        await db.write(replies.report, reply.id, report)
        self._attempts.pop(reply.id, None)

    async def _later(self, db: Database, reply: Outgoing, trouble: SourceTrouble) -> None:
        made = self._attempts[reply.id].made + 1 if reply.id in self._attempts else 1
        wait = max(min(FIRST_WAIT * 2 ** (made - 1), LONGEST_WAIT), trouble.retry_after or 0.0)
        self._attempts[reply.id] = Attempts(made, asyncio.get_running_loop().time() + wait)
        await db.write(sending.note_trouble, reply.id, trouble.sentence)
