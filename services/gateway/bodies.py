"""A request's body on its way to a service: no longer than it may be, and sent again while all of it is at hand."""

from collections.abc import AsyncIterator

from starlette.types import Message, Receive, Scope

from services.gateway.upstream import BUFFERED
from shared.problems import Problem, TooLarge


class ClientGone(Problem):
    """The client hung up before it had sent all of its request."""

    status = 400


class Pieces:
    """A body that comes in pieces; the first are kept, so that they can be sent again."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._kept: list[bytes] = []
        self._size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give what was kept, then what comes."""
        for piece in list(self._kept):
            yield piece
        async for piece in self._pieces:
            self._size += len(piece)
            if self.whole:
                self._kept.append(piece)
            else:
                self._kept.clear()
            yield piece

    @property
    def whole(self) -> bool:
        """Say whether all that was given is kept."""
        return self._size <= BUFFERED


Body = bytes | Pieces | None


def is_whole(body: Body) -> bool:
    """Say whether a body can be sent from its beginning."""
    return not isinstance(body, Pieces) or body.whole


class RequestBody:
    """A request's body on its way to the service, no longer than it may be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0

    async def start(self, scope: Scope) -> Body:
        """Return what there is to send: nothing, all of a short body, or a stream; raises TooLarge."""
        length: int | None = None
        chunked = False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                chunked = True
        if length is None and not chunked:
            return None
        if length is not None and length > self._most:
            raise TooLarge(f"A request may have {self._most} bytes.")
        message = await self._receive()
        first = self._take(message)
        return Pieces(self._stream(first)) if message.get("more_body") else first

    async def _stream(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        more = True
        while more:
            message = await self._receive()
            yield self._take(message)
            more = message.get("more_body", False)

    def _take(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._most:
            raise TooLarge(f"A request may have {self._most} bytes.")
        return chunk
