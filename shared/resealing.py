"""Keeps to the newest key: what an older one sealed is sealed anew while a key file holds both."""

import asyncio
from collections.abc import Callable

import structlog

from shared.bus import Bus
from shared.db import Database, Session
from shared.safe import Safe
from shared.tasks import DATABASE_AWAY

log = structlog.get_logger()

LOOK = 10.0
"""Seconds between looks at the file."""

SealAnew = Callable[[Session, Safe], int]
"""Seals what a service keeps under the newest key, where it is not yet, and returns how many secrets that were."""


class Resealing:
    """A worker for one safe; what it looks after is few: the secrets of sources, webhooks, signing keys."""

    def __init__(self, safe: Safe, seal_anew: SealAnew) -> None:
        self._safe = safe
        self._seal_anew = seal_anew

    async def run(self, db: Database, _bus: Bus) -> None:
        """Look until cancelled."""
        while True:
            try:
                if self._safe.replacing and (count := await db.write(self._seal_anew, self._safe)):
                    log.warning("secrets are sealed under the new key", purpose=self._safe.purpose, secrets=count)
            except DATABASE_AWAY as error:
                log.warning("secrets wait to be sealed anew", error=str(error))
            await asyncio.sleep(LOOK)
