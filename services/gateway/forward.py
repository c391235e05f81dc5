"""Hands a request on to the service that owns it and its answer back, streaming both ways."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

import orjson
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from services.gateway.bodies import Body, RequestBody, is_whole
from services.gateway.upstream import (
    Connection,
    Headers,
    StaleError,
    UnreadError,
    Upstream,
    UpstreamError,
    request_head,
)
from shared.auth import HEADER, Principal, TokenSigner
from shared.context import current
from shared.health import Readiness
from shared.problems import Unavailable

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
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""What has the same effect twice as once (RFC 9110)."""
KEY = b"idempotency-key"
HANDED_BACK = 3
"""How often a request may meet a process that is about to end."""


class ServiceAway(Unavailable):
    """The service that answers this is not there at this moment; try again."""


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
        self._services = {name: Upstream(name, url, answer_timeout) for name, url in services.items()}
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

    async def readiness(self, service: str, principal: Principal) -> Readiness:
        """Return what a service says of its parts; raises ServiceAway, also where something else answers in its place."""
        answer = await self.ask(service, "GET", "/readyz", principal)
        try:
            return Readiness.model_validate_json(answer.body)
        except ValidationError as error:
            raise ServiceAway(f"The {service} service does not say how it is.") from error

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
        body: Body,
        *,
        chunked: bool = False,
    ) -> AsyncIterator[Connection]:
        upstream = self._services[service]
        connection: Connection | None = None
        try:
            head = request_head(method.encode(), target, upstream.authority, headers)
            connection = await self._answered(upstream, method, headers, head, body, chunked=chunked)
            yield connection
        except UpstreamError as error:
            raise ServiceAway(f"The {service} service does not answer.", retry_after=1) from error
        finally:
            if connection is not None:
                upstream.give_back(connection)

    async def _answered(
        self, upstream: Upstream, method: str, headers: Headers, head: bytes, body: Body, *, chunked: bool
    ) -> Connection:
        """Send a request and wait for the answer's head; send it again where that does no harm.

        A service that is about to end says so before it reads a request, which then goes to the one after it. Where one
        hangs up without a word, only what may have its effect twice is sent again, and only once.
        """
        kept = True
        for _ in range(HANDED_BACK):
            try:
                return await upstream.exchange(method.encode(), head, body, chunked=chunked, kept=kept)
            except UnreadError:
                if not is_whole(body):
                    raise
            except StaleError:
                if not (is_whole(body) and may_be_repeated(method, headers)):
                    raise
                break
            finally:
                kept = False
        return await upstream.exchange(method.encode(), head, body, chunked=chunked, kept=False)


def may_be_repeated(method: str, headers: Headers) -> bool:
    """Say whether a request may be sent again though it may have had its effect."""
    return method in REPEATABLE or (method == "POST" and any(name == KEY for name, _ in headers))


async def read_whole(connection: Connection) -> Answer:
    """Read an answer to its end."""
    pieces = []
    while body := await connection.read():
        pieces.append(body)
    return Answer(connection.status, answer_headers(connection), b"".join(pieces))


def answer_headers(connection: Connection) -> Headers:
    """Return a service's headers without those that concern only our connection with it."""
    return [header for header in connection.headers if header[0] not in THEIRS]
