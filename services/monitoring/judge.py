"""Keeps the rules in force compiled beside the units of work, and judges the texts that had to wait for them.

Runs in every process: each has rule sets of its own. Rules told by an event are compiled before it is handled
(`handlers.before`), so there is something to do only where another process handled it, where an emergency ended by the
clock, or where a snapshot was loaded.
"""

import asyncio

import structlog

from services.monitoring.domain import rules
from services.monitoring.domain.posts import judging
from shared.db import Database
from shared.tasks import DATABASE_AWAY

POLL = 1.0
SOON = 0.02
"""Seconds until the unit that waits for rules has committed that it does."""

log = structlog.get_logger()


class Judge:
    """One process's own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Compile and judge until cancelled; a database that is away is waited for."""
        rules.compiled.beside(self._wake)
        try:
            while True:
                await self._pause()
                try:
                    await self.catch_up()
                except DATABASE_AWAY as error:
                    log.warning("texts wait to be judged", error=str(error))
        finally:
            rules.compiled.no_longer(self._wake)

    async def catch_up(self) -> None:
        """Compile what is in force, and judge what waits for it."""
        await rules.compile_in_force(self._db)
        while await self._db.read(judging.any_due):
            await self._db.write(judging.judge_due)
            await rules.compile_in_force(self._db)

    def _wake(self) -> None:
        """A unit, in whatever thread, found that rules are missing."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()
        await asyncio.sleep(SOON)
