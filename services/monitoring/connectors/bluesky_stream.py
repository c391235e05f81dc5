"""Opens a Bluesky stream and hands on what it says, a little at a time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode, urlsplit

import structlog

from services.monitoring.connectors.bluesky_frames import POSTS, Message, Unreadable, read_firehose, read_jetstream
from services.monitoring.connectors.client import USER_AGENT, reachable
from services.monitoring.connectors.protocol import IpNetwork, SourceTrouble

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

Form = Literal["jetstream", "firehose"]
LARGEST = 5 * 1024 * 1024
"""Bytes of a message; a commit has at most 2 MB."""
CONNECTED_WITHIN = 10.0
WITHIN = 0.1
"""Seconds that what was read waits for more."""
MOST = 200
"""Changes that are handed on at once."""
AT_LEAST_EVERY = 5.0
"""Seconds after which the stream's position is handed on although nobody wrote."""
FAR = 600 * 1_000_000
"""Microseconds: Jetstream does not say that it no longer reaches back; its first message is then this far ahead."""

log = structlog.get_logger()


@asynccontextmanager
async def opened(
    form: Form, origin: str, position: int | None, allowed: Sequence[IpNetwork]
) -> AsyncIterator["Stream"]:
    """Connect and ask for what comes after a position of the stream, or for what comes from now on.

    Raises SourceTrouble when that fails.
    """
    from websockets.asyncio.client import connect  # here, because only who follows a stream needs it
    from websockets.exceptions import WebSocketException

    address = address_of(form, origin, position)
    try:
        async with asyncio.timeout(CONNECTED_WITHIN):
            connected = await connection(origin, allowed)
            client = await connect(address, sock=connected, proxy=None, max_size=LARGEST, user_agent_header=USER_AGENT)
    except (OSError, WebSocketException) as error:
        raise SourceTrouble(f"The stream cannot be opened ({type(error).__name__}).") from error
    async with client:
        yield Stream(client, form, position)


def address_of(form: Form, origin: str, position: int | None) -> str:
    """Return the address of a stream from a position on."""
    query = {"wantedCollections": POSTS} if form == "jetstream" else {}
    if position is not None:
        query["cursor"] = str(position)
    path = "/subscribe" if form == "jetstream" else "/xrpc/com.atproto.sync.subscribeRepos"
    return f"{origin.rstrip('/')}{path}?{urlencode(query)}"


async def connection(origin: str, allowed: Sequence[IpNetwork]) -> socket.socket:
    """Connect to the first address of a host that we may reach; the name is resolved once, here."""
    parts = urlsplit(origin)
    loop = asyncio.get_running_loop()
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    public = [one for one in found if reachable(ip_address(one[4][0]), allowed)]
    if not public:
        raise SourceTrouble("The address of the stream is not a public one; only public addresses are read.")
    trouble: OSError | None = None
    for family, kind, protocol, _, address in public:
        one = socket.socket(family, kind, protocol)
        one.setblocking(False)
        try:
            await loop.sock_connect(one, address)
        except OSError as error:
            one.close()
            trouble = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise trouble or OSError("no address")


class Stream:
    """An open stream."""

    def __init__(self, client: "ClientConnection", form: Form, position: int | None) -> None:
        self._client = client
        self._read: Callable[[bytes], Message] = read_jetstream if form == "jetstream" else read_firehose
        self._reaches_back_to = position + FAR if form == "jetstream" and position else None

    async def messages(self) -> AsyncIterator[list[Message]]:
        """Hand on what is said: at once what matters to the reading itself, posts in small groups, the rest at times.

        Ends when the connection does.
        """
        from websockets.exceptions import ConnectionClosed

        loop = asyncio.get_running_loop()
        last = loop.time()
        gathered: list[Message] = []
        while True:
            try:
                message = await self._next()
            except ConnectionClosed as closed:
                log.info("the stream ended", reason=str(closed))
                yield gathered
                return
            if message is not None:
                gathered.append(message)
            if gathered and due(gathered, message, loop.time() - last):
                yield gathered
                gathered, last = [], loop.time()

    async def _next(self) -> Message | None:
        """Return the next message, None if there is none for a moment; one that cannot be read is passed over."""
        try:
            async with asyncio.timeout(WITHIN):
                data = await self._client.recv(decode=False)
        except TimeoutError:
            return None
        try:
            return self._placed(self._read(data))
        except Unreadable as error:
            log.warning("a message of the stream cannot be read", error=str(error))
            return None

    def _placed(self, message: Message) -> Message:
        """Note at the first message of Jetstream whether it goes on where we were."""
        if self._reaches_back_to is not None and message.position is not None:
            behind, self._reaches_back_to = message.position > self._reaches_back_to, None
            return Message(message.position, message.changes, message.renamed, outdated=behind)
        return message


def due(gathered: Sequence[Message], last: Message | None, seconds: float) -> bool:
    """Tell whether what was gathered is handed on now."""
    if last is not None and (last.outdated or last.refused or last.renamed):
        return True
    changes = sum(len(message.changes) for message in gathered)
    if changes:
        return last is None or changes >= MOST or seconds >= WITHIN
    return seconds >= AT_LEAST_EVERY
