"""Every page of the table, in a browser: whole, without faults, in both themes, and nothing of it from elsewhere."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from services.gateway.portal.rooms import ROOMS
from tests.browser.hosts import read_axe
from tests.browser.learning_story import teach
from tests.browser.pages import NOBODY, PAGES, Shown, path_of
from tests.browser.story import PEOPLE, tell
from tests.platform import Platform

BY_NIGHT = ["color-contrast", "link-in-text-block"]
"""What of a page depends on its colours; the rest is judged by day."""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def test_every_page_of_the_portal_is_in_the_table() -> None:
    shown = [page.path.partition("?")[0] for page in PAGES]
    patterns = {place: re.sub(r"\{[^}]*\}", "[^/]+", place) for room in ROOMS for place in room.places}
    assert [
        place for place, pattern in patterns.items() if not any(re.fullmatch(pattern, path) for path in shown)
    ] == []


@pytest.mark.timeout(400)
async def test_every_page_is_without_faults_in_both_themes_and_asks_no_other_host(
    browser: Browser, platform: Platform
) -> None:
    await tell(platform)
    await teach(platform)
    faults: dict[str, list[str]] = {}
    for role in dict.fromkeys(shown.role for shown in PAGES):
        context = await window(browser, platform, role)
        for shown in PAGES:
            if shown.role == role:
                faults[shown.name] = await judge(context, shown, platform.running["gateway"].url)
        await context.close()
    assert {name: found for name, found in faults.items() if found} == {}


async def window(browser: Browser, platform: Platform, role: str) -> BrowserContext:
    """Return a window in which somebody with a role has signed in."""
    url = platform.running["gateway"].url
    context = await browser.new_context(base_url=url, reduced_motion="reduce", color_scheme="light")
    if role != NOBODY:
        person = await platform.as_person(PEOPLE[role], role)
        await context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": url} for one in person.cookies.jar]
        )
    return context


async def judge(context: BrowserContext, shown: Shown, origin: str) -> list[str]:
    """Return what is wrong with a page."""
    found: list[str] = []
    page = await context.new_page()
    page.on("console", lambda said: found.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(f"asks {asked.url}") if is_foreign(asked.url, origin) else None)
    answer = await page.goto(await path_of(shown, context))
    assert answer is not None
    if answer.status != 200:
        found.append(f"{answer.url} answers {answer.status}")
    else:
        await page.locator(shown.ready).first.wait_for(timeout=10_000)
        await page.evaluate(read_axe())
        found += await violations(page, {"type": "tag", "values": LEVELS})
        await page.emulate_media(color_scheme="dark")
        found += [f"by night: {fault}" for fault in await violations(page, {"type": "rule", "values": BY_NIGHT})]
    await page.close()
    return found


def is_foreign(url: str, origin: str) -> bool:
    """Tell whether a request goes to another host; pictures within a style sheet go nowhere."""
    return urlsplit(url).scheme != "data" and not url.startswith(f"{origin}/")


async def violations(page: Page, asked: dict[str, object]) -> list[str]:
    """Return what axe finds, frames apart."""
    result = await page.evaluate("(asked) => axe.run(document, {runOnly: asked, iframes: false})", asked)
    return [f"{one['id']}: {node['html'][:200]}" for one in result["violations"] for node in one["nodes"]]
