"""Whether a service answers: one that falls silent is refused at once, until it has answered a question of our own.

Closed: requests go on. A request that has waited for two seconds makes us ask `/livez`; is that not answered within three
more, the circuit opens: what waits and may be sent again is refused, and so is everything new, at once. Meanwhile one
question at a time finds out when the service answers again (half open); no request has to be the one that tries.

A service whose address nobody holds refuses connections by itself, at once, and needs none of this.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

log = structlog.get_logger()

SILENCE = 2.0
"""Seconds after which a request that is not answered makes us ask whether the service lives."""
PATIENCE = 3.0
"""Seconds that the service has to say so."""
PAUSE = 0.5
HELD = 500
"""Requests that may wait for a service of which it is not known whether it lives."""


class Waiting(Protocol):
    """A request that waits for its answer."""

    def close(self) -> None:
        """Give it up."""


class Circuit:
    """Between the gateway and one service. `ask` returns whether the service says that it lives."""

    def __init__(self, service: str, ask: Callable[[], Awaitable[bool]]) -> None:
        self._service = service
        self._ask = ask
        self._asking: asyncio.Task[None] | None = None
        self.open = False
        self.waiting: set[Waiting] = set()

    @property
    def full(self) -> bool:
        """Say whether nothing more may wait: the service is silent, or may be and many wait already."""
        return self.open or (self._asking is not None and len(self.waiting) >= HELD)

    def suspect(self) -> None:
        """Find out whether the service lives."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._find_out())

    async def _find_out(self) -> None:
        try:
            while not await self._ask():
                self._give_up()
                await asyncio.sleep(PAUSE)
        finally:
            self._asking = None
        if self.open:
            self.open = False
            log.warning("the service answers again", service=self._service)

    def _give_up(self) -> None:
        if not self.open:
            self.open = True
            log.warning("the service does not answer", service=self._service, waiting=len(self.waiting))
        for each in list(self.waiting):
            each.close()

    def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
