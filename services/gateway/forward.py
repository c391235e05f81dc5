"""Hands a request on to the service that owns it and its answer back, streaming both ways."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

import orjson
from starlette.types import Message, Receive, Scope, Send

from services.gateway.upstream import Connection, Headers, StaleError, Upstream, UpstreamError, request_head
from shared.auth import HEADER, Principal, TokenSigner
from shared.context import current
from shared.problems import Problem, TooLarge, Unavailable

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
CALLER = HEADER.encode()
OURS = HOP_BY_HOP | {b"host", b"authorization", b"cookie", b"expect", b"x-request-id", b"traceparent", CALLER}
"""What the service does not get from the client: it gets the gateway's own, or none."""
THEIRS = HOP_BY_HOP | {b"date", b"server", b"x-request-id"}
"""What the client does not get from the service: it gets the gateway's own, or none."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class ServiceAway(Unavailable):
    """The service that answers this is not there at this moment; try again."""


class ClientGone(Problem):
    """The client hung up before it had sent all of its request."""

    status = 400


@dataclass(slots=True)
class Answer:
    """A service's answer, read whole."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> str | None:
        """Return a header's value; `name` in lower case."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), None)

    async def send(self, send: Send) -> None:
        """Send it to the client."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


class Forwarder:
    """Asks the services, as the gateway, on behalf of a principal."""

    def __init__(self, services: dict[str, str], signer: TokenSigner, answer_timeout: float, max_body: int) -> None:
        self._services = {name: Upstream(url, answer_timeout) for name, url in services.items()}
        self._signer = signer
        self._max_body = max_body

    async def __aenter__(self) -> Self:
        """Begin; connections are made when they are needed."""
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Hang up what is open."""
        for upstream in self._services.values():
            upstream.close()

    async def stream(self, scope: Scope, receive: Receive, send: Send, service: str, principal: Principal) -> None:
        """Forward a request and stream the answer as it comes."""
        async with self._asked(scope, receive, service, principal) as connection:
            await send(
                {"type": "http.response.start", "status": connection.status, "headers": answer_headers(connection)}
            )
            while body := await connection.read():
                if connection.complete:
                    await send({"type": "http.response.body", "body": body})
                    return
                await send({"type": "http.response.body", "body": body, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def whole(self, scope: Scope, receive: Receive, service: str, principal: Principal) -> Answer:
        """Forward a request and read the whole answer before anything is sent."""
        async with self._asked(scope, receive, service, principal) as connection:
            return await read_whole(connection)

    async def ask(self, service: str, method: str, path: str, principal: Principal, json: object = None) -> Answer:
        """Ask a service something of the gateway's own; raises ServiceAway."""
        body = orjson.dumps(json) if json is not None else None
        headers: Headers = [(CALLER, self._signer.token(principal, service).encode())]
        if body is not None:
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        async with self._exchange(service, method, path.encode(), headers, body) as connection:
            return await read_whole(connection)

    @contextlib.asynccontextmanager
    async def _asked(
        self, scope: Scope, receive: Receive, service: str, principal: Principal
    ) -> AsyncIterator[Connection]:
        context = current.get()
        headers = [header for header in scope["headers"] if header[0] not in OURS]
        headers += [
            (CALLER, self._signer.token(principal, service).encode()),
            (b"x-request-id", (context.request_id or "").encode()),
            (b"traceparent", (context.traceparent or "").encode()),
        ]
        target = scope["raw_path"]
        if scope["query_string"]:
            target = b"%b?%b" % (target, scope["query_string"])
        body = RequestBody(receive, self._max_body)
        data = await body.start(scope)
        chunked = not isinstance(data, bytes | None) and all(name != b"content-length" for name, _ in headers)
        if chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        elif isinstance(data, bytes) and all(name != b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(data)).encode()))
        async with self._exchange(service, scope["method"], target, headers, data, chunked=chunked) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def _exchange(
        self,
        service: str,
        method: str,
        target: bytes,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None,
        *,
        chunked: bool = False,
    ) -> AsyncIterator[Connection]:
        upstream = self._services[service]
        head = request_head(method.encode(), target, upstream.authority, headers)
        connection: Connection | None = None
        try:
            connection = await self._answered(upstream, method, head, body, chunked=chunked)
            yield connection
        except UpstreamError as error:
            raise ServiceAway(f"The {service} service does not answer.", retry_after=1) from error
        finally:
            if connection is not None:
                upstream.give_back(connection)

    async def _answered(
        self, upstream: Upstream, method: str, head: bytes, body: bytes | AsyncIterator[bytes] | None, *, chunked: bool
    ) -> Connection:
        """Send a request and wait for the answer's head; once more, on a new connection, if a kept one was stale."""
        connection = await upstream.connect()
        kept = connection.used
        try:
            return await self._try(connection, method, head, body, chunked=chunked)
        except StaleError:
            if not kept or method not in SAFE:
                raise
        return await self._try(await upstream.connect(fresh=True), method, head, body, chunked=chunked)

    async def _try(
        self,
        connection: Connection,
        method: str,
        head: bytes,
        body: bytes | AsyncIterator[bytes] | None,
        *,
        chunked: bool,
    ) -> Connection:
        connection.begin(method.encode())
        try:
            await connection.send(head, body, chunked=chunked)
            await connection.head()
        except BaseException:
            connection.close()
            raise
        return connection


class RequestBody:
    """A request's body on its way to the service, no longer than it may be."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0

    async def start(self, scope: Scope) -> bytes | AsyncIterator[bytes] | None:
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
        return self._stream(first) if message.get("more_body") else first

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


async def read_whole(connection: Connection) -> Answer:
    """Read an answer to its end."""
    pieces = []
    while body := await connection.read():
        pieces.append(body)
    return Answer(connection.status, answer_headers(connection), b"".join(pieces))


def answer_headers(connection: Connection) -> Headers:
    """Return a service's headers without those that concern only our connection with it."""
    return [header for header in connection.headers if header[0] not in THEIRS]
