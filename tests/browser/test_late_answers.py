"""What somebody writes is never lost: not when a conversation moves on meanwhile, and not when their session has ended."""

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.story import ask, tell
from tests.browser.test_dashboard import sign_in
from tests.platform import Platform

FIRST = "Your parcel left the depot this morning."
LATE = "It is on the van now, it says."


async def test_an_answer_that_comes_too_late_is_given_back_and_one_after_the_session_goes_on(
    browser: Browser, platform: Platform
) -> None:
    await tell(platform)
    [talk] = (await platform.client.get("/v1/conversations?state=assigned")).json()["items"]
    page = await sign_in(browser, platform, "E-1", "employee", reduced_motion="reduce")
    await page.goto(f"/conversations/{talk['id']}")
    await page.get_by_role("button", name="Yes, I take it").click()
    await expect(page.locator("#theirs")).to_contain_text("Then it goes to a colleague")

    await answer_while_the_customer_writes_again(page, platform, talk["id"])
    await answer_once_the_session_has_ended(page)
    await answer_what_went_to_somebody_else(page, platform, talk["id"])
    assert {said.rpartition("status of ")[2] for said in page.complaints} == {  # type: ignore[attr-defined]
        "401 (Unauthorized)",
        "409 (Conflict)",
        "412 (Precondition Failed)",
    }


async def answer_while_the_customer_writes_again(page: Page, platform: Platform, talk: str) -> None:
    """See what is new beside one's own words, which stay."""
    await page.get_by_label("Your answer").fill(FIRST)
    sent_at = platform.clock.now().isoformat()
    message = {"network_id": "9", "author": "@someone", "text": "Hello? Are you there?", "sent_at": sent_at}
    await ask(platform, f"/v1/conversations/{talk}/messages", message)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("Something happened here while you wrote")
    await expect(page.locator(".thread")).to_contain_text("Are you there?")
    await expect(page.get_by_label("Your answer")).to_have_value(FIRST)


async def answer_once_the_session_has_ended(page: Page) -> None:
    """Sign in again, and find the words where one was: a click leaves a note that had been written."""
    await page.get_by_label("A note").fill("The depot knows of it.")
    await page.context.clear_cookies(name="shareload_session")
    await page.get_by_role("button", name="Note it").click()
    await expect(page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    await expect(page.get_by_label("What you had written")).to_have_value("The depot knows of it.")
    assert await faults(page) == []
    await page.get_by_role("button", name="Sign in again").click()
    await page.get_by_label("User name").fill("E-1")
    await page.get_by_label("Password").fill("pass-E-1")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator("#notes")).to_contain_text("The depot knows of it.")


async def answer_what_went_to_somebody_else(page: Page, platform: Platform, talk: str) -> None:
    """Be told that it is with a colleague, with the words to take along."""
    await page.get_by_label("Your answer").fill(LATE)
    handed_on = {"reason": "They are at the dentist's.", "employee_number": "E-1"}
    answer = await platform.client.post(f"/v1/conversations/{talk}/handoff", json=handed_on)
    assert answer.is_success, answer.text
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", name="This conversation is not with you any more")).to_be_visible()
    await expect(page.locator(".refusal")).to_contain_text("What you wrote has not gone out.")
    await expect(page.get_by_label("What you had written")).to_have_value(LATE)
    assert await faults(page) == []
    await page.get_by_role("button", name="Go back").click()
    await expect(page.get_by_role("heading", name="My conversations")).to_be_visible()
