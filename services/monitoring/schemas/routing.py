"""What waits for somebody, and what is missing."""

from datetime import datetime
from typing import Literal

from shared.schemas import Resource

Lack = Literal["certification", "language", "topic", "presence", "room", "pause", "somebody else"]


class WaitingOut(Resource):
    """A conversation that is with nobody, what it asks for, and what nobody has who could take it."""

    id: str
    network: str
    kind: str
    language: str | None
    topic: str | None
    state: str
    urgency: int
    queued_at: datetime
    needs: list[str]
    missing: str | None


class GapOut(Resource):
    """One thing that is missing, and how many conversations wait for it."""

    lack: Lack
    missing: str
    conversations: int
    oldest_queued_at: datetime
    networks: list[str]


class GapsOut(Resource):
    """All that is missing, what most wait for first."""

    items: list[GapOut]
    waiting: int
