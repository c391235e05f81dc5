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

    nats-py does so while its buffers are full, and `asyncio.wait_for` of Python 3.11 when its time is up just then. Who
    is cancelled while waiting here waits on, and is then.
    """
    running = set(tasks)
    cancelled: asyncio.CancelledError | None = None
    while running:
        for task in running:
            task.cancel()
        try:
            await asyncio.wait(running, timeout=AGAIN)
        except asyncio.CancelledError as error:
            cancelled = error
        running = {task for task in running if not task.done()}
    await asyncio.gather(*tasks, return_exceptions=True)
    if cancelled is not None:
        raise cancelled
