"""How much may be taken in at once: whoever comes when there is no room is asked to come again, before memory grows."""

from collections.abc import AsyncIterator

from fastapi import Request

from shared.problems import TooLarge, TooManyRequests

LARGEST = 32 * 1024 * 1024
"""Bytes of a body that is read whole."""
OF_A_STREAM = 4 * 1024 * 1024
"""Bytes that a stream holds at most: a chunk being read, one being kept, and what they are parsed into."""
NDJSON, CSV = "application/x-ndjson", "text/csv"


class NoRoomForPosts(TooManyRequests):
    """As many posts as there is room for are being taken in; send these again in a moment."""


class PostsInFlight:
    """The bytes that requests hold in this process, each until it is answered."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def claim(self, size: int) -> None:
        """Hold some; raises NoRoomForPosts. What is alone is let in, whatever its size."""
        if self.held and self.held + size > self.limit:
            raise NoRoomForPosts(retry_after=1)
        self.held += size

    def give_back(self, size: int) -> None:
        """Hold them no longer."""
        self.held -= size


async def held_in_flight(request: Request) -> AsyncIterator[None]:
    """Hold what a request of posts takes until it is answered; raises NoRoomForPosts or TooLarge."""
    size = size_of(request)
    room: PostsInFlight = request.app.state.posts_in_flight
    room.claim(size)
    try:
        yield
    finally:
        room.give_back(size)


def size_of(request: Request) -> int:
    """Return the bytes that a request takes at most; raises TooLarge for what would have to be read whole."""
    stream = request.headers.get("content-type", "").startswith((NDJSON, CSV))
    keyed = "idempotency-key" in request.headers
    if stream and not keyed:
        return OF_A_STREAM
    length = request.headers.get("content-length", "")
    known = int(length) if length.isascii() and length.isdigit() else None
    if known is None and stream:
        raise TooLarge(f"With an Idempotency-Key, a stream must say its length, of at most {LARGEST} bytes.")
    if known is not None and known > LARGEST:
        raise TooLarge(f"A list of posts may have {LARGEST} bytes; send more as {NDJSON}, without an Idempotency-Key.")
    return LARGEST if known is None else known
