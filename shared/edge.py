"""The outermost layer of each service: who asks, under which request id and trace, how long it took.

Pure ASGI, for its price of microseconds a request.
"""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import structlog
from opentelemetry.trace import SpanKind
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.answers import on_problem
from shared.auth import HEADER, TokenVerifier
from shared.context import Context, Principal, current
from shared.ids import new_id
from shared.problems import Problem, Unauthorized
from shared.telemetry import HttpMetrics, join_trace, step

log = structlog.get_logger()

REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,100}$")
OPEN = frozenset({"/livez", "/readyz", "/metrics"})
"""What answers without a caller: whether the process lives, is ready, and its metrics; none of it names a person."""

READ = frozenset({b"x-request-id", b"traceparent", b"if-none-match"})
"""The request's headers that this layer looks at."""
ABOUT_BODY = frozenset({b"content-length", b"content-type"})
"""What a 304 does not carry."""

Header = tuple[bytes, bytes]
Authenticate = Callable[[Scope], Awaitable[Principal | None]]
"""Returns who asks, or None for nobody; raises Unauthorized for bad credentials."""


def by_caller_token(verifier: TokenVerifier) -> Authenticate:
    """Return how a service behind the gateway knows its caller: by the gateway's signed token, or not at all."""

    async def authenticate(scope: Scope) -> Principal:
        token = Headers(scope=scope).get(HEADER)
        if token is None:
            raise Unauthorized("This service answers only the gateway, which sends a signed caller token.")
        return verifier.principal(token)

    return authenticate


class Edge:
    """Sets the context of a request, refuses who may not ask, answers 304, counts and logs.

    `always` are headers of each answer, whoever gives it.
    """

    def __init__(
        self, app: ASGIApp, authenticate: Authenticate, metrics: HttpMetrics, always: Sequence[Header] = ()
    ) -> None:
        self.app = app
        self.authenticate = authenticate
        self.metrics = metrics
        self._always = always
        self._log: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in READ}
        asked_id = given.get(b"x-request-id", "")
        request_id = asked_id if REQUEST_ID.match(asked_id) else new_id()
        etags = given.get(b"if-none-match") if scope["method"] in {"GET", "HEAD"} else None
        started = time.perf_counter()
        with step(scope["method"], join_trace(given.get(b"traceparent")), SpanKind.SERVER) as traced:
            exchange = Exchange(send, request_id, etags, self._always)
            try:
                await self._answer(scope, receive, exchange, traced.traceparent)
            finally:
                route = route_of(scope)
                traced.span.update_name(f"{scope['method']} {route}")
                self._note(scope["method"], route, exchange.status, time.perf_counter() - started)

    def _note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, also one that is answered further out because it broke."""
        self.metrics.count(method, route, status, seconds)
        # Bound once: the lazy logger would be put together anew for each request.
        self._log = self._log or log.bind()
        self._log.debug("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2))

    async def _answer(self, scope: Scope, receive: Receive, exchange: "Exchange", traceparent: str | None) -> None:
        """Let the app answer, or refuse."""
        caller = None
        try:
            try:
                if scope["path"] not in OPEN:
                    caller = await self.authenticate(scope)
            finally:
                current.set(Context(exchange.request_id, traceparent, caller))
            await self.app(scope, receive, exchange.send)
        except Problem as problem:
            response = await on_problem(Request(scope), problem)
            await response(scope, receive, exchange.send)


def route_of(scope: Scope) -> str:
    """Return the route's pattern, which names no person, where a path would."""
    route = scope.get("route")
    return getattr(route, "path", None) or scope.get("forwarded_route") or "unmatched"


class Exchange:
    """The answer on its way out: gains the headers of every answer, and becomes a 304 where the client has it already."""

    def __init__(self, send: Send, request_id: str, if_none_match: str | None, always: Sequence[Header]) -> None:
        self._send = send
        self._always = always
        self.request_id = request_id
        self._if_none_match = if_none_match
        self._silent = False
        self.status = 500

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            own = (b"x-request-id", self.request_id.encode())
            headers = [*with_one_etag(message.get("headers", ())), *self._always, own]
            if message["status"] == 200 and self._if_none_match and matches(self._if_none_match, etag_of(headers)):
                self._silent = True
                message["status"] = 304
                headers = [header for header in headers if header[0] not in ABOUT_BODY]
            message["headers"] = headers
            self.status = message["status"]
        elif self._silent:
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)


def with_one_etag(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with the ETag that its route gave it, which comes after that of its revision."""
    given = list(headers)
    tags = [header for header in given if header[0] == b"etag"]
    return given if len(tags) < 2 else [*(header for header in given if header not in tags), tags[-1]]


def etag_of(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Return the ETag of an answer."""
    return next((value.decode("latin-1") for name, value in headers if name == b"etag"), None)


def matches(if_none_match: str, etag: str | None) -> bool:
    """Compare weakly, as RFC 9110 asks for If-None-Match."""
    if etag is None:
        return False
    asked = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in asked or etag.removeprefix("W/") in asked
