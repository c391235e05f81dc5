"""What a service tells: rows written in the same transaction as the change they tell of."""

from typing import TYPE_CHECKING

from shared.events.base import Event

if TYPE_CHECKING:
    from shared.db import Session


def tell(session: "Session", *events: Event) -> None:
    """Tell the other services, and whoever listens outside, what just happened; sent once this unit commits."""
    raise NotImplementedError
