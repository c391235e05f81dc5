"""Events that wait because an earlier one of their aggregate failed: they keep their order until it is settled.

They stay with this process, which tells the server that it works on them; handing a failed one back (NAK) would let
later ones of its aggregate overtake it, more so when the process dies in between.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from shared.inbox import Heard
from shared.pull import Delivery

RETRY_AFTER = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds before each further try; after the last, the event is a dead letter."""


@dataclass(frozen=True, slots=True)
class Received:
    """An event with the delivery it came by."""

    delivery: Delivery
    heard: Heard


@dataclass(slots=True)
class Lane:
    """One aggregate: the event that failed, how often, when it is tried again, and those behind it."""

    waiting: deque[Received]
    tries: int
    due: float


class Lanes:
    """The aggregates that have a failed event."""

    def __init__(self, retry_after: Sequence[float] = RETRY_AFTER) -> None:
        self._retry_after = retry_after
        self._lanes: dict[str, Lane] = {}

    def hold(self, received: Received) -> bool:
        """Keep an event back if its aggregate waits; return whether it does."""
        lane = self._lanes.get(received.heard.aggregate)
        if lane is not None:
            lane.waiting.append(received)
        return lane is not None

    def fail(self, received: Received) -> int | None:
        """Note that an event failed; return None when it will be tried again, else the number of its tries."""
        lane = self._lanes.get(received.heard.aggregate)
        if lane is None:
            lane = self._lanes[received.heard.aggregate] = Lane(deque([received]), 0, 0)
        lane.tries += 1
        if lane.tries > len(self._retry_after):
            return lane.tries
        lane.due = time.monotonic() + self._retry_after[lane.tries - 1]
        return None

    def due(self) -> list[Received]:
        """Return the failed events whose time has come."""
        now = time.monotonic()
        return [lane.waiting[0] for lane in self._lanes.values() if lane.due <= now]

    def release(self, received: Received) -> list[Received]:
        """End the waiting behind an event that is settled; return those that waited, in order."""
        lane = self._lanes.pop(received.heard.aggregate, None)
        return list(lane.waiting)[1:] if lane is not None else []

    def wait(self, at_most: float) -> float:
        """Return the seconds until the next event is due."""
        now = time.monotonic()
        return max(0.0, min([at_most, *(lane.due - now for lane in self._lanes.values())]))

    def clear(self) -> None:
        """Forget all: they will be delivered again."""
        self._lanes.clear()

    def __len__(self) -> int:
        return len(self._lanes)
