"""How far a consumer is: the highest stream position with nothing unhandled before it."""

from collections.abc import Sequence

from shared.following import Following
from shared.lanes import Received
from shared.pull import Delivery


class Progress:
    """Keeps what was received and is not settled yet."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._last = (0, "")

    def begin(self, following: Following) -> None:
        """Begin at a position of the stream; what was open is delivered again."""
        self._open.clear()
        self._last = (following.position, following.event or "")

    @property
    def position(self) -> int:
        """The highest position that was handled."""
        return self._last[0]

    def receive(self, deliveries: Sequence[Delivery]) -> None:
        """Note what came."""
        self._open.update(delivery.position for delivery in deliveries)

    def after(self, batch: Sequence[Received]) -> tuple[int, str | None]:
        """Return the position up to which all is handled once this batch is, and the id of the event there, if known."""
        still_open = self._open.difference(received.delivery.position for received in batch)
        if still_open:
            return min(still_open) - 1, None
        newest = batch[-1]
        position, event = max(self._last, (newest.delivery.position, newest.heard.envelope.id))
        return position, event or None

    def settle(self, delivery: Delivery, event: str) -> None:
        """Note that one is handled or given up."""
        self._open.discard(delivery.position)
        self._last = max(self._last, (delivery.position, event))
