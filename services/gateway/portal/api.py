"""The one API as a page asks it: through the same door as every other client, as the person who is signed in.

Rights, limits, fresh sign-ins and idempotency are what they are for any client; a page can do nothing that the API
cannot.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

import orjson
from starlette.requests import Request
from starlette.types import Message, Scope

from shared.context import current

TAKEN_ALONG = frozenset({b"cookie", b"host", b"user-agent", b"shareload-unattended"})
"""Headers of the visit by which the API knows who asks."""
WAIT = "wait=2"
"""How long a change is waited for, so that the next page shows it."""


class Refused(Exception):  # noqa: N818  an answer, not a fault
    """The API refused: what it said, for the page to say it in its place."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail", ""))
        self.status = status
        self.slug: str = problem.get("type", "").rpartition("/")[2]
        self.title: str = problem.get("title", "")
        self.detail: str = problem.get("detail", "")
        self.extra = problem
        self.errors: dict[str, str] = {
            error["pointer"].strip("/"): error["detail"] for error in problem.get("errors") or ()
        }
        """What is wrong with each field, by its name (`sections/0/title` for one further in)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the API answered: the body, read, and its ETag."""

    body: Any
    etag: str | None


class Api:
    """The API for one visit. `get`, `post`, `put`, `patch` and `delete` raise Refused."""

    def __init__(self, request: Request) -> None:
        self._request = request

    async def get(self, path: str, /, **query: Any) -> Any:
        """Return the body of a resource or list; parameters that are None are left out."""
        return (await self.find(path, **query)).body

    async def find(self, path: str, /, **query: Any) -> Found:
        """Return a resource with its ETag, which a later change names."""
        path, _, already = path.partition("?")
        given = urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
        return await self._ask("GET", path, "&".join(filter(None, (already, given))), None, {})

    async def find_or_none(self, path: str, /, **query: Any) -> Any:
        """Return the body of a resource, or None where there is none, or none that this person may see."""
        try:
            return await self.get(path, **query)
        except Refused as refused:
            if refused.status in {403, 404}:
                return None
            raise

    async def all(self, path: str, /, most: int = 1000, **query: Any) -> list[Any]:
        """Return the items of a list, page by page, at most so many."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            found = await self.get(path, limit=min(200, most), cursor=cursor, **query)
            items += found["items"]
            cursor = found["next_cursor"]
            if cursor is None or len(items) >= most:
                return items[:most]

    async def together(self, *paths: str) -> list[Any]:
        """Return several resources at once, in their order; None for one that is not there for this person."""
        return list(await asyncio.gather(*map(self.find_or_none, paths)))

    async def post(self, path: str, body: Any = None, *, once: str | None = None, if_match: str | None = None) -> Any:
        """Create or do something; with `once`, a form's own key, the same form does it once however often it is sent."""
        headers = {"idempotency-key": once, "if-match": if_match, "prefer": WAIT}
        return (await self._ask("POST", path, "", {} if body is None else body, headers)).body

    async def put(self, path: str, body: Any, *, if_match: str | None = None) -> Any:
        """Replace something."""
        return (await self._ask("PUT", path, "", body, {"if-match": if_match, "prefer": WAIT})).body

    async def patch(self, path: str, body: Any, *, if_match: str | None = None) -> Any:
        """Change something in part."""
        return (await self._ask("PATCH", path, "", body, {"if-match": if_match, "prefer": WAIT})).body

    async def delete(self, path: str, *, if_match: str | None = None) -> None:
        """Remove something."""
        await self._ask("DELETE", path, "", None, {"if-match": if_match, "prefer": WAIT})

    async def _ask(self, method: str, path: str, query: str, body: Any, headers: Mapping[str, str | None]) -> Found:
        data = b"" if body is None else orjson.dumps(body)
        asked = [header for header in self._request.scope["headers"] if header[0] in TAKEN_ALONG]
        asked += [(name.encode(), one_line(value)) for name, value in headers.items() if value is not None]
        asked.append((b"x-request-id", (current.get().request_id or "").encode()))
        # It is a page of ours that asks; that a form came from one was seen to before.
        asked.append((b"origin", self._request.app.state.settings.public_url.rstrip("/").encode()))
        if body is not None:
            asked += [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
        scope: Scope = {
            **{name: self._request.scope[name] for name in ("type", "asgi", "http_version", "scheme", "server", "client")},
            "method": method,
            "path": unquote(path),
            "raw_path": quote(path, safe="/%").encode(),
            "root_path": "",
            "query_string": quote(query, safe="=&%+").encode(),
            "headers": asked,
        }  # fmt: skip
        answer = Answered(data)
        # A task of its own: what it learns about its caller stays its own.
        await asyncio.create_task(self._request.app(scope, answer.receive, answer.send))
        return answer.read()


def one_line(value: str) -> bytes:
    """Return a header's value; raises Refused for one that a form brought and that would end the line it stands on."""
    if not value.isprintable():
        raise Refused(400, {"title": "This form is not as it was made.", "detail": "Load its page again."})
    return value.encode()


class Answered:
    """Collects one answer."""

    def __init__(self, data: bytes) -> None:
        self._asked: list[Message] = [{"type": "http.request", "body": data, "more_body": False}]
        self._status = 500
        self._headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        """Say the request; after it, that nothing more comes."""
        return self._asked.pop() if self._asked else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = dict(message.get("headers", ()))
        else:
            self._parts.append(message.get("body", b""))

    def read(self) -> Found:
        """Return what was answered; raises Refused."""
        body = b"".join(self._parts)
        read = orjson.loads(body) if body and b"json" in self._headers.get(b"content-type", b"") else body.decode()
        if self._status >= 400:
            raise Refused(self._status, read if isinstance(read, dict) else {})
        etag = self._headers.get(b"etag")
        return Found(read, etag.decode() if etag else None)
