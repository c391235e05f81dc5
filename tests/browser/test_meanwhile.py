"""What a page that lies open does by itself: show whom one was offered, and let one count as there while one works."""

from typing import Any

from playwright.async_api import Browser, Page, expect

from services.monitoring.settings import terms
from tests.browser.story import say, tell
from tests.browser.test_dashboard import sign_in
from tests.platform import Platform

RENEWAL = "/availability/presence/renewal"


async def test_who_has_the_page_open_sees_a_new_customer_and_the_bell(browser: Browser, platform: Platform) -> None:
    await tell(platform)
    page = await at_conversations(browser, platform)
    await expect(page).to_have_title("(1) My conversations · Shareload")
    await page.get_by_role("link", name="@someone").focus()
    bell = await page.locator("#bell-number .bell-number").text_content()

    await say(platform, "4", "mention", "@other", "Is the green tent sold out?")
    await platform.settle()
    await page.clock.run_for(21_000)
    await expect(page.locator("#with-me")).to_contain_text("@other")
    await expect(page).to_have_title("(2) My conversations · Shareload")
    await expect(page.locator("#said")).to_contain_text("A customer was just offered to you.")
    await expect(page.get_by_role("link", name="@someone")).to_be_focused()
    await page.clock.run_for(60_000)
    await expect(page.locator("#bell-number .bell-number")).to_have_text(str(int(bell or 0) + 1))
    await page.goto("/notices")
    await expect(page.locator(".rows li", has_text="A conversation is with you").first).to_contain_text("Mastodon")
    assert page.complaints == []  # type: ignore[attr-defined]


async def test_who_works_in_a_page_goes_on_being_there_and_who_left_it_does_not(
    browser: Browser, platform: Platform
) -> None:
    await tell(platform)
    stated = {"languages": ["en"], "topics": [], "capacity": 3, "weekly_minutes": 300, "online": False}
    assert (await platform.client.put("/v1/availability/E-1", json=stated)).is_success
    page = await at_conversations(browser, platform)
    await page.get_by_role("button", name="I am here").click()
    await expect(page.locator("#presence")).to_contain_text("and longer while you work here")
    first = await until(platform)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(RENEWAL) else None)

    await pass_time(page, platform, 6)
    assert asked == []
    await touch(page)
    async with page.expect_response(f"**{RENEWAL}"):
        await page.clock.run_for(60_000)
    assert (await until(platform))["present_until"] > first["present_until"]

    await page.goto("/policies")
    await touch(page)
    async with page.expect_response(f"**{RENEWAL}"):
        await pass_time(page, platform, 6)
    asked.clear()
    await pass_time(page, platform, 16)
    assert asked == []
    assert (await until(platform))["online"] is False


async def test_a_page_brings_nobody_back_who_takes_a_break_elsewhere(browser: Browser, platform: Platform) -> None:
    await tell(platform)
    page = await at_conversations(browser, platform)
    path = "/v1/availability/E-1/presence"
    assert (await platform.client.post(path, json={"present": True})).is_success
    await page.goto("/conversations")
    assert (await platform.client.post(path, json={"present": False})).is_success

    await touch(page)
    async with page.expect_response(f"**{RENEWAL}"):
        await pass_time(page, platform, 7)
    await expect(page.locator("#presence")).to_contain_text("You are not here")
    assert (await until(platform))["online"] is False


async def at_conversations(browser: Browser, platform: Platform) -> Page:
    """Sign in, with a clock that the test turns, and go to one's conversations."""
    page = await sign_in(browser, platform, "E-1", "employee")
    await page.clock.install()
    await page.goto("/conversations")
    await expect(page.locator("#bell-number .bell-number")).to_be_visible()
    return page


async def touch(page: Page) -> None:
    """Press a key that does nothing, once the page listens."""
    await page.evaluate("import('/static/meanwhile.js')")
    await page.keyboard.press("Shift")


async def pass_time(page: Page, platform: Platform, minutes: int) -> None:
    """Let minutes pass for the page and for the services."""
    platform.clock.advance(terms().present_within / 15 * minutes)
    await page.clock.run_for(minutes * 60_000)


async def until(platform: Platform) -> dict[str, Any]:
    """Return what the API says of whether somebody is there."""
    answer: dict[str, Any] = (await platform.client.get("/v1/availability/E-1")).json()
    return answer
