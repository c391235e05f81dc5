"""Which pages of other origins may read an answer: those of the allow-list; and any, where an answer is for anyone.

It stands before everything else, so that a script is told why it was refused, too.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.openapi_headers import HEADERS
from shared.edge import Header

EXPOSED = sorted(HEADERS.keys() - {"Access-Control-Allow-Origin"} | {"Question-Report"})
"""What a script may read of an answer: whatever the API's document says that answers carry; one operation says its own."""
FOR_ANYONE = ("/embed/policies/", "/components/", "/oembed", "/feeds/")
"""What needs no credentials or a token that the script has to have: no browser adds a cookie for another origin."""


class Cors:
    """Answers preflight requests, and says of each answer who may read it."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], always: Sequence[Header]) -> None:
        self._app, self._always = app, always
        self._for_anyone = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD"],
            allow_headers=["Authorization", "If-None-Match"],
            expose_headers=EXPOSED,
        )
        self._listed: ASGIApp = app
        if origins:
            self._listed = CORSMiddleware(
                app, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        anyone = scope["type"] == "http" and scope["path"].startswith(FOR_ANYONE)
        app = self._for_anyone if anyone else self._listed
        # What is answered here no layer further in sees.
        here = app is not self._app and scope["type"] == "http" and is_preflight(scope)
        await app(scope, receive, with_headers(send, self._always) if here else send)


def is_preflight(scope: Scope) -> bool:
    """Say whether a browser asks beforehand whether a script may ask."""
    return scope["method"] == "OPTIONS" and {b"origin", b"access-control-request-method"} <= {
        name for name, _ in scope["headers"]
    }


def with_headers(send: Send, headers: Sequence[Header]) -> Send:
    """Return a `send` that adds headers to the answer."""

    async def added(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return added
