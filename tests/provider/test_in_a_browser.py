"""Signing in through the organisation's provider in a real browser, under a policy that allows nothing inline."""

import re
from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from tests.provider.browsing import Provided


async def open_page(browser: Browser, provided: Provided) -> Page:
    """Open the portal with nobody signed in."""
    context = await browser.new_context(base_url=provided.platform.running["gateway"].url)
    page = await context.new_page()
    await page.goto("/guidance")
    return page


async def sign_in(page: Page, account: str) -> None:
    """Follow the button to the provider and sign in there."""
    await page.get_by_role("button", name="Sign in with your work account").click()
    await page.locator("input[name=login]").fill(account)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()


async def test_somebody_signs_in_is_asked_again_signs_out_and_is_asked_whether_there_too(
    browser: Browser, provided: Provided
) -> None:
    page = await open_page(browser, provided)
    gateway = provided.platform.running["gateway"].url
    await sign_in(page, "ana")
    await expect(page).to_have_url(f"{gateway}/guidance")
    await expect(page.locator(".who")).to_have_text("Person 1")
    cookies = {cookie.get("name"): cookie for cookie in await page.context.cookies()}
    assert cookies["shareload_session"].get("httpOnly")
    first = cookies["shareload_session"].get("value")

    await page.goto("/sign-in?fresh=1&next=/guidance")
    await sign_in(page, "ana")
    await expect(page).to_have_url(f"{gateway}/guidance")
    again = {cookie.get("name"): cookie.get("value") for cookie in await page.context.cookies()}
    assert again["shareload_session"] != first

    await page.locator(".who").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    await page.get_by_role("link", name="Sign out there too").click()
    await page.get_by_role("button", name=re.compile("yes|sign me out", re.IGNORECASE)).click()
    await expect(page).to_have_url(f"{gateway}/signed-out")


async def test_a_wrong_audience_a_used_answer_and_a_session_that_the_provider_ended_are_told_on_the_page(
    browser: Browser, provided: Provided
) -> None:
    page = await open_page(browser, provided)
    provided.provider.tell(twist={"aud": "somebody-else"})
    await sign_in(page, "ana")
    await expect(page.get_by_role("heading", name="not one that we take")).to_be_visible()

    provided.provider.tell(twist={})
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url) if "/sign-in/callback" in request.url else None)
    await page.goto("/sign-in/provider?next=/guidance")
    await expect(page.locator(".who")).to_have_text("Person 1")
    await page.goto(answers[0])
    await expect(page.get_by_role("heading", name="was finished before")).to_be_visible()

    await page.goto("/guidance")
    await expect(page.locator(".who")).to_have_text("Person 1")
    await page.goto(f"{provided.provider.issuer}/session/end")
    await page.get_by_role("button", name=re.compile("yes|sign me out", re.IGNORECASE)).click()
    await page.goto(f"{provided.platform.running['gateway'].url}/guidance")
    await expect(page.get_by_role("button", name="Sign in with your work account")).to_be_visible()


async def test_a_session_that_is_over_leads_to_the_sign_in_page_and_back(browser: Browser, provided: Provided) -> None:
    page = await open_page(browser, provided)
    await sign_in(page, "ben")
    await expect(page.locator(".who")).to_have_text("Person 2")
    provided.platform.clock.advance(timedelta(hours=13))
    await page.goto("/guidance")
    await expect(page).to_have_url(re.compile(r"/sign-in\?next=/guidance$"))
    provided.platform.clock.advance(timedelta(hours=-13))
    await page.get_by_role("button", name="Sign in with your work account").click()
    await expect(page.locator(".who")).to_have_text("Person 2")
