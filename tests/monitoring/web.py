"""A web server of a test's own, for what fetches."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


@dataclass
class Page:
    """What a path answers."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Web:
    """Pages by their path, and what was asked for; a page with an ETag answers 304 to whom has it."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str | None, int]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        page = self.pages.get(request.url.path, Page(status=404))
        had = request.headers.get("if-none-match")
        unchanged = had is not None and had == page.headers.get("etag")
        status = 304 if unchanged else page.status
        self.asked.append((request.url.path, had, status))
        await Response(b"" if unchanged else page.content, status, page.headers)(scope, receive, send)


@contextlib.asynccontextmanager
async def serve() -> AsyncIterator[Web]:
    """Serve pages on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    web = Web(f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while True:
            await asyncio.sleep(0.005)
            if server.started:
                break
        yield web
    finally:
        server.should_exit = True
        await task


def atom(*entries: tuple[str, str, str], title: str = "News") -> Page:
    """Return a feed of (id, author, text)."""
    body = "".join(
        f"<entry><id>{name}</id><title/><author><name>{author}</name></author>"
        f"<updated>2026-11-20T10:00:00Z</updated><content type='text'>{text}</content></entry>"
        for name, author, text in entries
    )
    feed = f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>{title}</title>{body}</feed>"
    return Page(feed.encode(), headers={"content-type": "application/atom+xml", "etag": f'"{hash(feed)}"'})
