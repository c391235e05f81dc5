"""Ending background tasks for certain."""

import asyncio
from typing import Any

AGAIN = 1.0


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
