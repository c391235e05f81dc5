"""Pages of other sites, served on this machine: Chromium takes any name under `.example` for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache

from playwright.async_api import Browser, Frame, Page, async_playwright

from tests.browser.conftest import chromium
from tests.browser.install import AXE
from tests.platform import Platform

RULES = "--host-resolver-rules=MAP *.example 127.0.0.1"


@dataclass
class Hosts:
    """Serves `pages`, by path, under any host name of one port."""

    port: int
    pages: dict[str, str] = field(default_factory=dict)

    def origin(self, name: str = "intranet") -> str:
        """Return the origin of a site."""
        return f"http://{name}.example:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        path = (await reader.readline()).decode().split()[1]
        while (await reader.readline()).strip():
            pass
        page = self.pages.get(path.split("?")[0])
        status = "200 OK" if page is not None else "404 Not Found"
        body = (page or "").encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Hosts]:
    """Serve pages on a port of loopback."""
    hosts = Hosts(0)
    server = await asyncio.start_server(hosts.answer, "127.0.0.1", 0)
    hosts.port = server.sockets[0].getsockname()[1]
    async with server:
        yield hosts


@contextlib.asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Start a browser for which all sites are here."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", RULES])
        yield browser
        await browser.close()


def gateway_of(platform: Platform) -> str:
    """Return the gateway's origin as another site."""
    return f"http://shareload.example:{platform.running['gateway'].url.rsplit(':', 1)[1]}"


@cache
def read_axe() -> str:
    """Return the script that judges a page."""
    return AXE.read_text()


async def faults(place: Page | Frame) -> list[str]:
    """Return what axe finds wrong with what a page shows, frames apart."""
    await place.evaluate(read_axe())
    found = await place.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]
    ]
