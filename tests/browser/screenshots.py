"""`make screenshots`: every page, by day and by night, on a desktop and a phone, into `screenshots/`.

PAGES="policy home" takes only these. DATA_DIR takes the demonstration that runs there; without it one is started.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, Error, ViewportSize, async_playwright

from tests.browser.conftest import chromium
from tests.browser.pages import NOBODY, PAGES, NothingToShow, Shown, path_of
from tests.journeys.running import Running, wait_until
from tests.servers import free_port

FOLDER = Path(__file__).parents[2] / "screenshots"
LOADING_SECONDS = 300.0
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
SHOWN_WHOLE = "Promise.all([...document.images].map((image) => image.decode().catch(() => {})))"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@contextlib.contextmanager
def demonstration() -> Iterator[dict[str, Any]]:
    """Give what run.json says of a demonstration that is loaded."""
    given = os.environ.get("DATA_DIR")
    if given:
        yield json.loads((Path(given) / "run.json").read_text())
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        with Running(data, free_port(), DEMO="1") as running:
            wait_until(lambda: is_loaded(data), LOADING_SECONDS)
            yield running.told()
            running.interrupt()


def is_loaded(data: Path) -> bool:
    """Tell whether the demonstration organisation is whole."""
    mark = data / "demo.json"
    return mark.exists() and bool(json.loads(mark.read_text() or "{}").get("loaded"))


async def signed_in(browser: Browser, told: dict[str, Any], role: str) -> BrowserContext:
    """Return a window in which somebody with a role has signed in."""
    context = await browser.new_context(base_url=told["url"], reduced_motion="reduce")
    if role != NOBODY:
        login = told["logins"][role]
        form = {"user": login["user"], "password": login["password"]}
        answer = await context.request.post("/sign-in", form=form, headers={"Origin": told["url"]})
        if not answer.ok:
            raise SystemExit(f"{role} cannot sign in: {answer.status}")
    return context


async def take(context: BrowserContext, shown: Shown) -> None:
    """Take a page in both themes and sizes."""
    path = await path_of(shown, context)
    for size, viewport in SIZES.items():
        for theme in THEMES:
            page = await context.new_page()
            await page.set_viewport_size(viewport)
            await page.emulate_media(color_scheme=theme)
            await page.goto(path)
            await page.locator(shown.ready).first.wait_for(timeout=10_000)
            await page.evaluate(SHOWN_WHOLE)
            await page.screenshot(path=FOLDER / f"{shown.name}-{theme}-{size}.png", full_page=True)
            await page.close()


async def main(told: dict[str, Any], wanted: Sequence[str]) -> int:
    """Take the pages; return how many could not be taken."""
    lacking = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for role in dict.fromkeys(shown.role for shown in PAGES):
            context = await signed_in(browser, told, role)
            for shown in PAGES:
                if shown.role == role and (not wanted or shown.name in wanted):
                    try:
                        await take(context, shown)
                    except (NothingToShow, Error) as why:
                        lacking += 1
                        sys.stderr.write(f"{shown.name}: {why}\n")
            await context.close()
        await browser.close()
    return lacking


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with demonstration() as running:
        sys.exit(1 if asyncio.run(main(running, os.environ.get("PAGES", "").split())) else 0)
