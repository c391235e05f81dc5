"""Signing in by the provider as a browser does, one redirect after the other."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.platform import Platform
from tests.provider.provider import Provider

ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
SENT_ON = {301, 302, 303, 307, 308}


@dataclass
class Provided:
    """A platform whose people sign in by a provider."""

    platform: Platform
    provider: Provider

    async def browser(self) -> httpx.AsyncClient:
        """Return a browser that nobody has used."""
        return await self.platform.client_for(headers={"Origin": self.platform.running["gateway"].url})

    async def to_callback(self, browser: httpx.AsyncClient, account: str, query: str = "") -> str:
        """Sign in at the provider; return where it sends the browser back to."""
        answer = await browser.get(f"/sign-in/provider{query}")
        while True:
            if answer.status_code in SENT_ON:
                place = urljoin(str(answer.url), answer.headers["Location"])
                if "/sign-in/callback" in place:
                    return place
                answer = await browser.get(place)
            else:
                form = ACTION.search(answer.text)
                assert form is not None, (answer.url, answer.text)
                filled = {"prompt": "login", "login": account, "password": "any"}
                answer = await browser.post(urljoin(str(answer.url), form[1]), data=filled)

    async def come_in(
        self, account: str, query: str = "", browser: httpx.AsyncClient | None = None
    ) -> httpx.AsyncClient:
        """Sign in to the portal; return the browser, which the portal has let in."""
        browser = browser or await self.browser()
        answer = await browser.get(await self.to_callback(browser, account, query))
        assert answer.status_code == 303, answer.text
        return browser

    async def try_to_come_in(self, account: str, query: str = "") -> httpx.Response:
        """Sign in at the provider; return what the portal says to it."""
        browser = await self.browser()
        return await browser.get(await self.to_callback(browser, account, query))


def said(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the heading of a page."""
    heading = re.search(r"<h1>([^<]*)</h1>", answer.text)
    return answer.status_code, heading[1] if heading else ""


def error(answer: httpx.Response) -> Any:
    """Return the slug of a problem."""
    return answer.json()["type"].rsplit("/", 1)[-1]
