"""The layer before routing: limits, forwarding and what is answered from memory, in pure ASGI.

What is none of these goes on to the gateway's own routes.
"""

import structlog
from fastapi import FastAPI, status
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import areas, certified
from services.gateway.bodies import RequestBody
from services.gateway.callers import address_of
from services.gateway.doors import Doors
from services.gateway.hot_reads import find_hot_read
from services.gateway.keyring import FreshSignInNeeded
from services.gateway.portal.unfinished import back_to
from services.gateway.rights import ANYONE, asks_fresh
from services.gateway.stream.events import NDJSON, serve_events
from services.gateway.waiting import seconds_of, told_of
from shared.answers import on_problem
from shared.auth import Principal
from shared.compression import KEPT
from shared.context import current
from shared.problems import Problem, Unauthorized
from shared.requests import EVENTS_HEADER

log = structlog.get_logger()

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
UNLIMITED = frozenset({"/livez", "/readyz", "/metrics"})
EVENTS = "/v1/events"
EMBED = "/embed/policies/"
FILES = "/components/"
TOLD = EVENTS_HEADER.lower().encode()
OWN_BODY = 1024 * 1024
"""The largest body that a route of our own takes, in bytes: a form, or a few fields."""


class Front:
    """Answers or forwards what needs no route of ours."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app = app
        self._state = owner.state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within its caller's limit."""
        if scope["type"] != "http" or scope["path"] in UNLIMITED:
            await self._app(scope, receive, send)
            return
        doors: Doors = self._state.doors
        principal = current.get().caller
        answer = Sender(send)
        try:
            caller = principal.id if principal else address_of(scope, doors.settings.proxies)
            answer.headers = doors.limiter.count(caller)
            await self._serve(doors, scope, receive, answer, principal)
        except Problem as problem:
            # A problem that a forwarded answer runs into half way can only cut it off.
            if answer.started:
                raise
            request = Request(scope)
            response: Response
            if isinstance(problem, FreshSignInNeeded) and is_followed_link(request):
                response = RedirectResponse(back_to(request.url), status.HTTP_303_SEE_OTHER)
            else:
                response = await on_problem(request, problem)
            await response(scope, receive, answer)

    async def _serve(
        self, doors: Doors, scope: Scope, receive: Receive, send: "Sender", principal: Principal | None
    ) -> None:
        path: str = scope["path"]
        if principal is not None and principal.signed_in and asks_fresh(scope["method"], path):
            doors.keyring.require_fresh(scope)
        if path == EVENTS and scope["method"] == "GET" and principal is not None and not wants_page(scope):
            scope["forwarded_route"] = EVENTS
            await serve_events(doors.hub, doors.db, doors.keyring, scope, receive, send, principal)
            return
        service = areas.owner(path)
        if service is None:
            service = areas.public_owner(path)
            if service is None:
                await self._own(doors, scope, receive, send, principal)
                return
            principal = principal or ANYONE
        if principal is None:
            raise Unauthorized("Send an API key as `Authorization: Bearer <key>`, or sign in.")
        rest = await from_memory(doors, scope, receive, send, principal)
        if rest is None:
            return
        scope["forwarded_route"] = f"{service}:{scope['method']}"
        if scope["method"] in WRITES:
            await forward_write(doors, scope, rest, send, service, principal)
        else:
            await doors.forwarder.stream(scope, rest, send, service, principal)

    async def _own(
        self, doors: Doors, scope: Scope, receive: Receive, send: "Sender", principal: Principal | None
    ) -> None:
        if scope["path"].startswith(EMBED) and scope["method"] in {"GET", "HEAD"}:
            scope["forwarded_route"] = EMBED + "{key}"
            scope[KEPT] = True
            await doors.embeds.serve(scope, send, principal)
            return
        if scope["path"].startswith(FILES) and scope["method"] in {"GET", "HEAD"}:
            scope["forwarded_route"] = FILES + "{file}"
            scope[KEPT] = True
            await doors.embeds.files.serve(scope, send)
            return
        await self._app(scope, await read_small(scope, receive), send)


class Sender:
    """The way to the client, with what an answer says of the caller's limit; knows whether an answer has begun."""

    __slots__ = ("_send", "headers", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send a message on."""
        if not self.started:
            self.started = True
            message["headers"] = [*message.get("headers", ()), *self.headers]
        await self._send(message)


async def from_memory(doors: Doors, scope: Scope, receive: Receive, send: Send, principal: Principal) -> Receive | None:
    """Answer from memory where that is possible and return None; else return where the owner is to read the request."""
    if scope["method"] == "GET":
        found = find_hot_read(doors, scope["path"], scope["query_string"], principal)
        if found is None:
            return receive
        scope["forwarded_route"] = found.route
        if found.kept:
            scope[KEPT] = True
        await send({"type": "http.response.start", "status": 200, "headers": found.headers})
        await send({"type": "http.response.body", "body": found.body})
        return None
    asked = certified.asked_of(scope, receive)
    if asked is None:
        return receive
    return None if await asked.answer(doors.certificates, send, principal) else asked.receive


async def forward_write(
    doors: Doors, scope: Scope, receive: Receive, send: Send, service: str, principal: Principal
) -> None:
    """Forward a write; note what it told, and hold the answer back where the client prefers to wait."""
    prefer = next((value for name, value in scope["headers"] if name == b"prefer"), None)
    seconds = seconds_of(prefer.decode("latin-1")) if prefer else None
    if seconds is None:
        await doors.forwarder.stream(scope, receive, noting(doors, send, principal), service, principal)
        return
    answer = await doors.forwarder.whole(scope, receive, service, principal)
    told = told_of(answer.header(TOLD) or "")
    doors.expect(principal, told)
    if await doors.waiting.follow(told, seconds):
        answer.headers.append((b"preference-applied", f"wait={int(seconds)}".encode()))
    await answer.send(send)


def noting(doors: Doors, send: Send, principal: Principal) -> Send:
    """Return a `send` that notes which events a write told, so that its writer reads what it wrote."""

    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            for name, value in message["headers"]:
                if name == TOLD:
                    doors.expect(principal, told_of(value.decode("latin-1")))
        await send(message)

    return noted


async def read_small(scope: Scope, receive: Receive) -> Receive:
    """Read the body for a route of our own, which would read any length before it asks who sends it; raises TooLarge."""
    data = await RequestBody(receive, OWN_BODY).start(scope)
    if data is None:
        return receive
    body = data if isinstance(data, bytes) else b"".join([part async for part in data])
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def wants_page(scope: Scope) -> bool:
    """Say whether events are asked for as a page rather than as a stream."""
    return any(name == b"accept" and NDJSON.encode() in value for name, value in scope["headers"])


def is_followed_link(request: Request) -> bool:
    """Say whether a browser asks for a page in its window, where a problem in JSON would be of no use."""
    return request.method == "GET" and request.headers.get("sec-fetch-mode") == "navigate"
