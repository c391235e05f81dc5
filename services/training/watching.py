"""The layer before the routes that notes who looks at whose record, before they get to see it."""

from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.training.domain.privacy import looks
from shared.context import Context, current

READING_POSTS = frozenset({"find_certificate_statuses", "search_scim", "search_scim_users"})
"""POSTs that only read."""
REMEMBERED = 50_000


class Watch:
    """Writes a look before the answer's first byte; a key's look that this process wrote today is not written again."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app = app
        self._owner = owner
        self._day = ""
        self._noted: set[tuple[str, str, frozenset[str], str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "POST"}:
            await self._app(scope, receive, send)
            return
        context = current.get()
        watched = False

        async def watch(message: Message) -> None:
            nonlocal watched
            if message["type"] == "http.response.start" and not watched and message["status"] < 400:
                watched = True
                await self._note(scope, context)
            await send(message)

        await self._app(scope, receive, watch)

    async def _note(self, scope: Scope, context: Context) -> None:
        caller = context.caller
        if caller is None or not context.looked_at - {caller.person}:
            return
        what = getattr(scope.get("route"), "name", "")
        if scope["method"] == "POST" and what not in READING_POSTS:
            return
        given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        day = f"{self._owner.state.clock.now():%Y-%m-%d}"
        if day != self._day or len(self._noted) > REMEMBERED:
            self._day = day
            self._noted.clear()
        sign = (
            caller.id,
            what,
            frozenset(context.looked_at),
            looks.narrowed_by(given.items()) + given.get("employee_number", ""),
        )
        if not caller.signed_in and sign in self._noted:
            return
        await self._owner.state.db.write(looks.note, caller, what, context.looked_at, given)
        self._noted.add(sign)
