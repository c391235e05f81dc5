"""What background tasks have in common: how they end for certain, and what they wait out."""

import asyncio
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError

from shared.problems import Unavailable

AGAIN = 1.0

DATABASE_AWAY = (Unavailable, OperationalError, InterfaceError)
"""What a unit of work raises when the database cannot be reached or cannot write; handlers' own faults may be among it."""


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended, whatever they raise; one cancellation can be swallowed.

    nats-py does so while its buffers are full, and `asyncio.wait_for` of Python 3.11 when its time is up just then.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)
