"""Posts to one endpoint of somebody else's: over kept connections, to public addresses, without following redirects.

A name is resolved by us and the connection made to the very address that was looked at, so no name that changes its
address in between leads inside. `docs/adr/0033` says why this is no general HTTP client.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from socket import SOCK_STREAM, gaierror, getaddrinfo

from services.gateway.domain.webhooks.addresses import IpNetwork, literal, parse, reachable
from services.gateway.domain.webhooks.messages import Attempt
from services.gateway.upstream import Connection, StaleError, UpstreamError, request_head
from shared.clock import Clock

SECONDS = 15.0
"""For a whole exchange: name, connection, TLS, request and answer."""
KEPT_IDLE = 4.0
"""Seconds for which a free connection is kept; most servers keep theirs for five or more."""
KNOWN_FOR = 30.0
"""Seconds for which a name is not resolved again."""
SHOWN = 1024
READ = 64 * 1024
"""Bytes of an answer that are read so that its connection can be kept; of a longer one it is not."""
HEADERS = [(b"content-type", b"application/json"), (b"user-agent", b"Shareload-Webhooks/1"), (b"accept", b"*/*")]


class NotSentError(Exception):
    """There was no answer; the message says why, for who set the endpoint up."""


@cache
def resolvers() -> ThreadPoolExecutor:
    """Return threads that only resolve names: name servers that hang stop nothing else of the process."""
    return ThreadPoolExecutor(64, thread_name_prefix="resolver")


@cache
def tls() -> ssl.SSLContext:
    """Return what certificates are verified by."""
    return ssl.create_default_context()


class Line:
    """The way to one endpoint."""

    def __init__(self, url: str, allowed: Sequence[IpNetwork], clock: Clock, seconds: float = SECONDS) -> None:
        parts = parse(url, allowed)
        self._allowed = allowed
        self._clock = clock
        self._seconds = seconds
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._authority = parts.netloc.encode()
        self._target = (parts.path or "/").encode() + (b"?" + parts.query.encode() if parts.query else b"")
        self._free: list[Connection] = []
        self._resolving = asyncio.Lock()
        self._resolved: tuple[float, list[str]] = (0.0, [])

    async def post(self, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Attempt:
        """Post once and return what came of it; raises nothing that the other side could cause."""
        at, began = self._clock.now(), time.monotonic()
        status, said, waits, error = None, None, None, None
        try:
            async with asyncio.timeout(self._seconds):
                status, said, waits = await self._exchange(body, headers)
        except TimeoutError:
            error = f"It did not answer within {self._seconds:.0f} seconds."
        except NotSentError as why:
            error = str(why)
        if status is not None and 300 <= status < 400:
            error = "It answered with a redirect, and redirects are not followed: give the address itself."
        took = round((time.monotonic() - began) * 1000)
        return Attempt(at, took, status, error, said, retry_after(waits, at))

    async def _exchange(self, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> tuple[int, str, bytes]:
        all_headers = [*HEADERS, (b"content-length", b"%d" % len(body)), *headers]
        head = request_head(b"POST", self._target, self._authority, all_headers)
        connection = self._kept()
        if connection is not None:
            try:
                return await self._ask(connection, head, body)
            except StaleError:
                pass
            except UpstreamError as error:
                raise NotSentError(told(error)) from error
        try:
            return await self._ask(await self._connect(), head, body)
        except UpstreamError as error:
            raise NotSentError(told(error)) from error

    async def _ask(self, connection: Connection, head: bytes, body: bytes) -> tuple[int, str, bytes]:
        connection.begin(b"POST")
        whole = False
        try:
            await connection.send(head, body, chunked=False)
            await connection.head()
            said = b""
            while len(said) < READ and (piece := await connection.read()):
                said += piece
            whole = connection.complete and connection.reusable
        finally:
            if whole:
                connection.idle_since = time.monotonic()
                self._free.append(connection)
            else:
                connection.close()
        waits = next((value for name, value in connection.headers if name == b"retry-after"), b"")
        return connection.status, said[:SHOWN].decode("utf-8", "replace"), waits

    def _kept(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            if not connection.closed and time.monotonic() - connection.idle_since < KEPT_IDLE:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        error: OSError | None = None
        for address in await self._addresses():
            try:
                _, connection = await loop.create_connection(
                    lambda: Connection(self._seconds),
                    address,
                    self._port,
                    ssl=tls() if self._secure else None,
                    server_hostname=self._host if self._secure else None,
                )
            except OSError as problem:
                error = problem
            else:
                return connection
        raise NotSentError(told(error))

    async def _addresses(self) -> list[str]:
        written = literal(self._host)
        if written is not None:
            return self._permitted([str(written)])
        async with self._resolving:
            known_at, known = self._resolved
            if not known or time.monotonic() - known_at > KNOWN_FOR:
                known = await self._resolve()
                self._resolved = (time.monotonic(), known)
        return self._permitted(known)

    async def _resolve(self) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                resolvers(), lambda: getaddrinfo(self._host, self._port, type=SOCK_STREAM)
            )
        except (gaierror, UnicodeError) as error:
            raise NotSentError(f"The name {self._host} cannot be resolved.") from error
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    def _permitted(self, addresses: Sequence[str]) -> list[str]:
        permitted = [each for each in addresses if reachable(ip_address(each.partition("%")[0]), self._allowed)]
        if not permitted:
            raise NotSentError("The address is not a public one; webhooks are sent to public addresses only.")
        return permitted[:2]

    def close_idle(self) -> None:
        """Hang up what has been free for long."""
        now = time.monotonic()
        for connection in self._free:
            if now - connection.idle_since >= KEPT_IDLE:
                connection.close()
        self._free = [connection for connection in self._free if not connection.closed]

    def close(self) -> None:
        """Hang up all free connections."""
        for connection in self._free:
            connection.close()
        self._free.clear()


def told(error: Exception | None) -> str:
    """Say in a sentence why there was no answer."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"Its certificate is not accepted: {error.verify_message}."
        case ssl.SSLError():
            return "It does not speak TLS as we do."
        case ConnectionRefusedError():
            return "Nobody listens there: the connection was refused."
        case UpstreamError():
            return "It hung up before it had answered."
    return "It cannot be reached."


def retry_after(value: bytes | None, now: datetime) -> timedelta | None:
    """Return how long `Retry-After` asks to wait: seconds or a date (RFC 9110, section 10.2.3)."""
    text = (value or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return timedelta(seconds=int(text))
    try:
        return parsedate_to_datetime(text) - now if text else None
    except (ValueError, TypeError):
        return None
