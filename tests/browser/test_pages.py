"""Every page of the table, in a browser: whole, without faults, in both themes, large, still, and nothing from elsewhere."""

import asyncio
import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from services.gateway.portal.rooms import ROOMS
from tests.browser.hosts import read_axe
from tests.browser.learning_story import teach
from tests.browser.pages import NOBODY, PAGES, Shown, path_of
from tests.browser.story import PEOPLE, tell
from tests.platform import Platform

BY_NIGHT = ["color-contrast", "link-in-text-block"]
"""What of a page depends on its colours; the rest is judged by day."""
WIDE = ViewportSize(width=1280, height=720)
ZOOMED = ViewportSize(width=640, height=360)
"""A window, and what of it a page has at 200 %."""
CUT = """async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const scrolls = (one) => one && one !== document.documentElement
    && (["auto", "scroll"].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1;
  const out = [...document.body.querySelectorAll("*")].filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    return (right > innerWidth + 1 || left < -1) && seen(one) && !scrolls(one) && !one.closest(".skip, .visually-hidden");
  });
  const faults = out.slice(0, 3).map((one) => one.outerHTML.slice(0, 200));
  const { scrollWidth } = document.documentElement;
  return scrollWidth > innerWidth ? [`scrolls to ${scrollWidth}`, ...faults] : faults;
}"""
"""What reaches beyond the window and cannot be scrolled to within a box of its own."""
MOVING = """() => document.getAnimations()
  .filter((one) => one.playState === "running" && one.timeline instanceof DocumentTimeline)
  .map((one) => `${one.animationName ?? one.transitionProperty} of ${one.effect.target.outerHTML.slice(0, 150)}`)"""
"""What moves by itself; shadows that follow what somebody scrolls do not."""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def test_every_page_of_the_portal_is_in_the_table() -> None:
    shown = [page.path.partition("?")[0] for page in PAGES]
    patterns = {place: re.sub(r"\{[^}]*\}", "[^/]+", place) for room in ROOMS for place in room.places}
    assert [
        place for place, pattern in patterns.items() if not any(re.fullmatch(pattern, path) for path in shown)
    ] == []


@pytest.mark.timeout(400)
async def test_every_page_is_without_faults_in_both_themes_and_at_200_percent_and_asks_no_other_host(
    browser: Browser, platform: Platform
) -> None:
    await tell(platform)
    await teach(platform)
    at_once = asyncio.Semaphore(2)
    windows = [(role, await window(browser, platform, role)) for role in dict.fromkeys(shown.role for shown in PAGES)]
    origin = platform.running["gateway"].url
    judged = await asyncio.gather(*(judge_pages_of(role, context, origin, at_once) for role, context in windows))
    faults = {name: found for of_role in judged for name, found in of_role.items()}
    assert len(faults) == len(PAGES)
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


async def judge_pages_of(
    role: str, context: BrowserContext, origin: str, at_once: asyncio.Semaphore
) -> dict[str, list[str]]:
    """Return what is wrong with each page of a role. One tab shows them all: a new one for each takes longer than a page."""
    # Given once, it is there on every page; handed to each page anew, it was a fifth of the time.
    await context.add_init_script(read_axe())
    faults: dict[str, list[str]] = {}
    page = await context.new_page()
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("request", lambda asked: found.append(f"asks {asked.url}") if is_foreign(asked.url, origin) else None)
    for shown in PAGES:
        if shown.role == role:
            async with at_once:
                found = faults[shown.name] = []
                found += await judge(page, shown)
    await context.close()
    return faults


async def judge(page: Page, shown: Shown) -> list[str]:
    """Return what is wrong with a page, apart from what it says itself."""
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(WIDE)
    answer = await page.goto(await path_of(shown, page.context))
    assert answer is not None
    if answer.status != 200:
        return [f"{answer.url} answers {answer.status}"]
    await page.locator(shown.ready).first.wait_for(timeout=10_000)
    moving = await page.evaluate(MOVING)
    by_day = await violations(page, {"type": "tag", "values": LEVELS})
    await page.emulate_media(color_scheme="dark")
    by_night = await violations(page, {"type": "rule", "values": BY_NIGHT})
    await page.set_viewport_size(ZOOMED)
    cut = await page.evaluate(CUT)
    named = (("moves", moving), ("by night", by_night), ("at 200 %", cut))
    return [*by_day, *(f"{name}: {fault}" for name, faults in named for fault in faults)]


def is_foreign(url: str, origin: str) -> bool:
    """Tell whether a request goes to another host; pictures within a style sheet go nowhere."""
    return urlsplit(url).scheme != "data" and not url.startswith(f"{origin}/")


async def violations(page: Page, asked: dict[str, object]) -> list[str]:
    """Return what axe finds, frames apart."""
    # What is in order is counted only: to describe it, too, takes axe longer than to look.
    options = {"runOnly": asked, "iframes": False, "resultTypes": ["violations"]}
    result = await page.evaluate("(options) => axe.run(document, options)", options)
    return [f"{one['id']}: {node['html'][:200]}" for one in result["violations"] for node in one["nodes"]]
