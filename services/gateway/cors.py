"""Which pages of other origins may read an answer: those of the allow-list; and any, where an answer is for anyone.

It stands before everything else, so that a script is told why it was refused, too.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

EXPOSED = ["Age", "ETag", "Content-Language", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"]
FOR_ANYONE = ("/embed/policies/", "/components/", "/oembed", "/feeds/")
"""What needs no credentials or a token that the script has to have: no browser adds a cookie for another origin."""


class Cors:
    """Answers preflight requests, and says of each answer who may read it."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
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
        await (self._for_anyone if anyone else self._listed)(scope, receive, send)
