"""Hands a request on to the service that owns it and its answer back, streaming both ways."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

import aiohttp
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from shared.auth import HEADER, Principal, TokenSigner
from shared.context import current
from shared.problems import Problem, TooLarge, Unavailable

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
OURS = HOP_BY_HOP | {b"host", b"authorization", b"cookie", b"expect", b"x-request-id", b"traceparent", HEADER.encode()}
"""What the service does not get from the client: it gets the gateway's own, or none."""
KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the services keep it, or a POST could meet a closing one."""


class ServiceAway(Unavailable):
    """The service that answers this is not there at this moment; try again."""


@dataclass(slots=True)
class Answer:
    """A service's answer, read whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
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
        self._services = services
        self._signer = signer
        self._max_body = max_body
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=answer_timeout)
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE, use_dns_cache=True),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            timeout=self._timeout,
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close the connection pool."""
        if self._client is not None:
            await self._client.close()

    async def stream(self, scope: Scope, receive: Receive, send: Send, service: str, principal: Principal) -> int:
        """Forward a request, stream the answer as it comes, and return its status."""
        async with self._asked(scope, receive, service, principal) as response:
            await send({"type": "http.response.start", "status": response.status, "headers": answer_headers(response)})
            await pass_body(response, send)
            return response.status

    async def whole(self, scope: Scope, receive: Receive, service: str, principal: Principal) -> Answer:
        """Forward a request and read the whole answer before anything is sent."""
        async with self._asked(scope, receive, service, principal) as response:
            return Answer(response.status, answer_headers(response), await response.read())

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        principal: Principal,
        json: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask a service something of the gateway's own; raises ServiceAway."""
        assert self._client is not None  # noqa: S101  used within `async with`
        own = {**(headers or {}), HEADER: self._signer.token(principal, service)}
        if json is not None:
            # The session adds none by itself: a forwarded request keeps what its client said.
            own["Content-Type"] = "application/json"
        try:
            async with self._client.request(
                method, URL(self._services[service] + path, encoded=True), json=json, headers=own
            ) as response:
                return Answer(response.status, answer_headers(response), await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ServiceAway(f"The {service} service does not answer.") from error

    @contextlib.asynccontextmanager
    async def _asked(
        self, scope: Scope, receive: Receive, service: str, principal: Principal
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._client is not None  # noqa: S101  used within `async with`
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        target = self._services[service] + (scope["raw_path"] + query).decode("latin-1")
        context = current.get()
        headers = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if name not in OURS
        ]
        headers += [
            (HEADER, self._signer.token(principal, service)),
            ("x-request-id", context.request_id or ""),
            ("traceparent", context.traceparent or ""),
        ]
        body = RequestBody(receive, self._max_body)
        data = await body.start(scope)
        request = self._client.request(
            scope["method"], URL(target, encoded=True), headers=headers, data=data, allow_redirects=False
        )
        try:
            response = await request.__aenter__()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise body.problem or ServiceAway(f"The {service} service does not answer.", retry_after=1) from error
        try:
            yield response
        finally:
            # Given back to the pool if it was read to its end, else closed.
            response.release()


class ClientGone(Problem):
    """The client hung up before it had sent all of its request."""

    status = 400


class RequestBody:
    """A request's body on its way to the service; `problem` says why it was cut short."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._size = 0
        self.problem: Problem | None = None

    async def start(self, scope: Scope) -> bytes | AsyncIterator[bytes] | None:
        """Return what there is to send: nothing, all of a short body, or a stream."""
        length = next((int(value) for name, value in scope["headers"] if name == b"content-length"), None)
        if length is not None and length > self._most:
            raise TooLarge(f"A request may have {self._most} bytes.")
        if length is None and all(name != b"transfer-encoding" for name, _ in scope["headers"]):
            return None
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
            self.problem = ClientGone()
            raise self.problem
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._most:
            self.problem = TooLarge(f"A request may have {self._most} bytes.")
            raise self.problem
        return chunk


def answer_headers(response: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    """Return a service's headers without those that concern only our connection with it."""
    return [
        (key, value)
        for name, value in response.raw_headers
        if (key := name.lower()) not in HOP_BY_HOP and key not in {b"date", b"server", b"x-request-id"}
    ]


async def pass_body(response: aiohttp.ClientResponse, send: Send) -> None:
    """Send an answer's body on as it comes."""
    async for chunk in response.content.iter_any():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
