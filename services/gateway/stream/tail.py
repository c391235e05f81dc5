"""Follows the event log and hands each new stretch, in order, to whoever in this process wants to know."""

import asyncio
from collections.abc import Callable, Sequence

from services.gateway.domain import event_log
from services.gateway.domain.event_log import Extent, Logged
from shared.db import Database, Session

Listener = Callable[[str, Sequence[Logged]], None]

STRETCH = 1000
LOOK = 0.25
"""Seconds between looks when nobody wakes us: what another gateway process appended is found this late."""


def read_news(session: Session, position: int) -> tuple[str, list[Logged]]:
    """Return the log's epoch and what came after a position."""
    return event_log.extent(session).epoch, event_log.after(session, position, STRETCH)


class Tail:
    """One reader of the log for the whole process. `wake` it after a commit; `until` waits for a position."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners: list[Listener] = []
        self._woken = asyncio.Event()
        self._passed = asyncio.Condition()
        self.epoch = ""
        self.position = 0

    def listen(self, listener: Listener) -> None:
        """Call `listener(epoch, stretch)` for each stretch; an empty one tells of a new epoch."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    async def open(self) -> Extent:
        """Start at the log's end, and return what the log holds."""
        extent = await self._db.read(event_log.extent)
        self.epoch, self.position = extent.epoch, extent.newest
        return extent

    async def run(self) -> None:
        """Follow the log until cancelled."""
        while True:
            self._woken.clear()
            if await self.look():
                continue
            try:
                async with asyncio.timeout(LOOK):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def look(self) -> bool:
        """Hand on what is new; say whether there was anything."""
        epoch, stretch = await self._db.read(read_news, self.position)
        if not stretch and epoch == self.epoch:
            return False
        self.epoch = epoch
        if stretch:
            self.position = stretch[-1].position
        for listener in self._listeners:
            listener(epoch, stretch)
        async with self._passed:
            self._passed.notify_all()
        return True

    async def until(self, position: int) -> None:
        """Wait until everything up to a position has been handed on."""
        async with self._passed:
            await self._passed.wait_for(lambda: self.position >= position)
