"""Who waits in the event loop for one of few things, such as a connection."""

import asyncio
from collections import deque


class Turns:
    """Those who wait, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Wait until there may be one; whoever comes at that moment may have it first, so look again."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.let_next()
            raise

    def let_next(self) -> None:
        """Wake the next one: there is one again, or room for a new one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
