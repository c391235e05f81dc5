"""The pages that describe the API and its events: without faults in both themes, found by search, from no other host."""

from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import read_axe
from tests.platform import Platform

PAGES = ("/docs", "/docs/certification", "/docs/events")


BY_NIGHT = ["color-contrast", "link-in-text-block"]
"""What of a page depends on its colours; the rest is judged by day."""


async def test_operations_and_events_are_found_and_read_by_keyboard_without_any_other_host(
    browser: Browser, platform: Platform
) -> None:
    url = platform.running["gateway"].url
    context = await browser.new_context(base_url=url, reduced_motion="reduce", color_scheme="light")
    await context.add_init_script(read_axe())
    page = await context.new_page()
    asked: set[str] = set()
    said: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda line: said.append(line.text) if line.type in {"error", "warning"} else None)
    for path in PAGES:
        await judge(page, path)
    await search(page)
    await page.goto("/docs/events#training.certificate.issued.v1")
    issued = page.locator(".event[open]")
    await expect(issued).to_have_count(1)
    await expect(issued.get_by_text("personal").or_(issued.get_by_text("operational")).first).to_be_visible()
    assert asked == {urlsplit(url).netloc}
    assert said == []
    await context.close()


async def judge(page: Page, path: str) -> None:
    """Let axe judge a page in both themes."""
    await page.goto(path)
    themes: list[tuple[Literal["light", "dark"], dict[str, list[str]]]] = [
        ("light", {}),
        ("dark", {"runOnly": BY_NIGHT}),
    ]
    for colours, options in themes:
        await page.emulate_media(color_scheme=colours)
        found = await page.evaluate(
            "(options) => axe.run(options).then((ran) => ran.violations.map((one) => one.id))", options
        )
        assert found == [], (path, colours)


async def search(page: Page) -> None:
    """Find an operation by typing and read all about it, with nothing but keys."""
    await page.goto("/docs")
    await page.keyboard.press("/")
    await page.keyboard.type("certificate statuses")
    await expect(page.locator("#docs-found")).to_have_text("1 found")
    while await page.evaluate("!document.activeElement.hash"):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    chosen = page.locator("#find_certificate_statuses")
    await expect(chosen.get_by_text("certified_until").first).to_be_visible()
    await expect(
        chosen.locator("> p", has_text="A key needs").get_by_text("certificates:read", exact=True)
    ).to_be_visible()
