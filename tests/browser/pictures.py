"""`make pictures`: the eight pictures of the README and the guides, taken of the demonstration, into `docs/images/`.

DATA_DIR takes the demonstration that runs there; without it one is started.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, async_playwright

from tests.browser.conftest import chromium
from tests.browser.pages import PAGES, path_of
from tests.browser.screenshots import demonstration, signed_in

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES = 250_000
DRAFT = "My Drizla kept me dry for three days, nothing else has ever come close!"
VERDICT = ".verdict-head"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it is shown in the documentation; `typed` is what stands in its text field, `height` what is seen of it."""

    page: str
    typed: str = ""
    height: int = 800


PICTURES = (
    Picture("home"),
    Picture("check", typed=DRAFT, height=720),
    Picture("learning-talking", height=620),
    Picture("conversation", height=720),
    Picture("queue"),
    Picture("editor-try", height=760),
    Picture("dashboard", height=860),
    Picture("load", height=820),
)


async def take(context: BrowserContext, picture: Picture) -> bytes:
    """Take one picture."""
    shown = next(page for page in PAGES if page.name == picture.page)
    page = await context.new_page()
    await page.set_viewport_size({"width": 1280, "height": picture.height})
    await page.emulate_media(color_scheme="light")
    await page.goto(await path_of(shown, context))
    await page.locator(shown.ready).first.wait_for()
    if picture.typed:
        await page.locator("main textarea").first.fill(picture.typed)
        await page.locator(VERDICT).wait_for()
    taken = await page.screenshot()
    await page.close()
    return taken


async def main(told: dict[str, Any]) -> int:
    """Take all pictures; return how many are too heavy for a page of documentation."""
    heavy = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for picture in PICTURES:
            role = next(page.role for page in PAGES if page.name == picture.page)
            context = await signed_in(browser, told, role)
            taken = await take(context, picture)
            await context.close()
            (FOLDER / f"{picture.page}.png").write_bytes(taken)
            if len(taken) > MOST_BYTES:
                heavy += 1
                sys.stderr.write(f"{picture.page}: {len(taken)} bytes, more than {MOST_BYTES}\n")
        await browser.close()
    return heavy


if __name__ == "__main__":
    with demonstration() as running:
        sys.exit(1 if asyncio.run(main(running)) else 0)
