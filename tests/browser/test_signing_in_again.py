"""What cannot be taken back asks for a fresh sign-in: who signs in again goes on with what they had typed."""

from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.story import ask
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import POLICY, add_people
from tests.platform import Platform

EXPECTED = "Failed to load resource: the server responded with a status of 403 (Forbidden)"
"""What a browser says of a page that asks who somebody is."""


async def prove_again(page: Page) -> None:
    """Sign in by the page that asks for it."""
    await page.get_by_role("button", name="Sign in again").click()
    await expect(page.get_by_text("asks who you are once more")).to_be_visible()
    await page.get_by_label("User name").fill("E-3")
    await page.get_by_label("Password").fill("pass-E-3")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Thank you, it is you")).to_be_visible()


async def approved_version(platform: Platform) -> str:
    """Have a version approved, and return its page."""
    await ask(platform, "/v1/policies", {"key": "social-media", "title": "Social media policy"})
    versions = "/v1/policies/social-media/versions"
    await ask(platform, versions, {"source": POLICY, "change_note": "As agreed.", "material": True})
    await ask(platform, f"{versions}/1/review", {})
    await ask(platform, f"{versions}/1/approvals", {"decision": "approve", "employee_number": "E-2"})
    return "/editor/social-media/versions/1"


async def test_who_signs_in_again_to_make_a_key_publish_or_take_proofs_along_goes_on_where_they_were(
    browser: Browser, platform: Platform
) -> None:
    await add_people(platform, 3)
    await platform.settle()
    version = await approved_version(platform)
    await platform.settle()
    page = await sign_in(browser, platform, "E-3", "admin")

    await make_a_key(platform, page)
    await publish_later(platform, page, version)
    await take_a_chain_along(platform, page)
    assert page.complaints == [EXPECTED] * 2  # type: ignore[attr-defined]


async def make_a_key(platform: Platform, page: Page) -> None:
    await page.goto("/admin/keys/new")
    await page.get_by_label("What is it for?").fill("HR & <pay>roll")
    await page.get_by_label("People: read").check()
    await platform.advance(timedelta(minutes=16))
    await page.get_by_role("button", name="Make the key").click()
    await prove_again(page)
    await expect(page.locator("main dl")).to_contain_text("HR & <pay>roll")
    assert await faults(page) == []
    assert (await platform.client.get("/v1/api-keys")).text.count("HR & <pay>roll") == 0, "only a click does it"
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".secret")).to_contain_text("sl_")
    await page.goto("/unfinished")
    await expect(page.locator("main")).to_contain_text("could not be kept")


async def publish_later(platform: Platform, page: Page, version: str) -> None:
    await page.goto(version)
    await page.get_by_label("Later").check()
    await page.get_by_label("Day and time, in UTC").fill("2040-01-01T10:00")
    await platform.advance(timedelta(minutes=16))
    await page.get_by_role("button", name="Publish").click()
    await prove_again(page)
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#said")).to_contain_text("at the time you chose")
    kept = (await platform.client.get("/v1/policies/social-media/versions/1")).json()
    assert (kept["state"], kept["effective_at"]) == ("scheduled", "2040-01-01T10:00:00Z")


async def take_a_chain_along(platform: Platform, page: Page) -> None:
    await page.goto("/admin/audit")
    await page.get_by_label("Employee number").last.fill("E-1")
    await platform.advance(timedelta(minutes=16))
    await page.get_by_role("button", name="Download").click()
    await prove_again(page)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Go on").click()
    assert (await (await download.value).path()).stat().st_size > 500
