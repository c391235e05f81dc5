"""What an employee does with their own words in a browser: check a draft, answer a customer, read a letter, be private."""

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.story import HELD, say, tell
from tests.browser.test_dashboard import sign_in
from tests.platform import Platform


async def test_an_employee_checks_a_draft_answers_a_customer_and_appeals(browser: Browser, platform: Platform) -> None:
    await tell(platform)
    page = await sign_in(browser, platform, "E-1", "employee", reduced_motion="reduce")
    page.on("dialog", lambda dialog: dialog.accept())

    await check_a_draft(page)
    await get_an_approval(page, platform)
    await answer_a_customer(page, platform)
    await hand_it_on(page, platform)
    await register_an_account(page)
    await go_away_and_look_who_looked(page, platform)
    # The browser notes every answer above 400, as that to the reply which was not let out.
    assert [said for said in page.complaints if "409 (Conflict)" not in said] == []  # type: ignore[attr-defined]

    await be_refused_in_the_midst(page)

    without = await sign_in(browser, platform, "E-1", "employee", java_script_enabled=False)
    await check_without_scripts(without)
    await read_a_letter(without)


async def check_a_draft(page: Page) -> None:
    """Write a draft, see what is marked, and use the words that the rule suggests."""
    await page.get_by_role("link", name="Can I post this?").click()
    await expect(page.locator("#verdict")).to_contain_text("Nothing that you type is kept")
    await page.get_by_label("Your text").press_sequentially(f"Hello! {HELD}")
    await expect(page.locator("#verdict mark.hold")).to_have_text("battery")
    await expect(page.locator("#verdict h2")).to_have_text("Not yet")
    reason = page.locator(".reason", has_text="The press office speaks about batteries.")
    await reason.get_by_text("Answering customers").click()
    await expect(reason.locator(".section-text")).to_contain_text("within 24 hours")
    assert await faults(page) == []

    await page.get_by_role("button", name="Use these words").click()
    await expect(page.get_by_label("Your text")).to_have_value("Hello! You hear from us as soon as we know more.")
    await expect(page.locator("#verdict h2")).to_have_text("Yes, go ahead")


async def get_an_approval(page: Page, platform: Platform) -> None:
    """Ask for approval of a draft and see it given."""
    await page.get_by_label("Your text").fill(f"{HELD} Really.")
    await expect(page.locator(".ask-approval")).to_contain_text("Person 2")
    await page.get_by_label("What should they know?").fill("It is for the fair.")
    await page.get_by_role("button", name="Ask for approval").click()
    await expect(page.get_by_role("heading", name="It waits for a decision")).to_be_visible()
    request = (await platform.client.get("/v1/approval-requests?employee_number=E-1")).json()["items"][0]
    assert (request["check"]["text"], request["note"]) == (f"{HELD} Really.", "It is for the fair.")
    decision = {"decision": "approve", "comment": "Lovely.", "employee_number": "E-2"}
    await platform.client.post(f"/v1/approval-requests/{request['id']}/decision", json=decision)
    await page.get_by_role("link", name="My requests").click()
    await expect(page.locator(".rows li").first).to_contain_text("approved")
    await page.get_by_role("link", name=HELD).first.click()
    await expect(page.get_by_role("heading", name="Approved: you may post it")).to_be_visible()


async def answer_a_customer(page: Page, platform: Platform) -> None:
    """Take a conversation on; what the rules block does not go out, what they allow does."""
    await page.get_by_role("link", name="My conversations").click()
    await page.get_by_role("link", name="@someone").click()
    await expect(page.locator(".said-by.customer")).to_contain_text("Where is my parcel?")
    await page.get_by_role("button", name="Yes, I take it").click()
    await expect(page.locator("#said")).to_contain_text("It is yours.")
    await page.get_by_label("A note").fill("The depot knows.")
    await page.get_by_role("button", name="Note it").click()
    await expect(page.locator("#notes .quote")).to_contain_text("The depot knows.")
    await page.get_by_label("Your answer").fill("Delivery tomorrow is guaranteed.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_contain_text("It cannot go out like this")
    await expect(page.locator("#verdict mark.block")).to_have_text("guaranteed")
    assert await faults(page) == []
    await page.get_by_label("Your answer").fill("Delivery is planned for tomorrow.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".said-by.us")).to_contain_text("Delivery is planned for tomorrow.")
    [reply] = (await platform.client.get("/v1/replies")).json()["items"]
    assert (reply["person"], reply["status"]) == ("E-1", "approved")


async def hand_it_on(page: Page, platform: Platform) -> None:
    """Give a conversation to somebody else, with a word for them."""
    await say(platform, "4", "mention", "@other", "Is the green tent sold out?")
    await platform.settle()
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="My conversations").click()
    await page.get_by_role("link", name="@other").click()
    await page.get_by_label("Why should somebody else take it?").fill("I know nothing about tents.")
    await page.get_by_role("button", name="Hand it on").click()
    await expect(page.locator("#said")).to_contain_text("Handed on.")
    await expect(page.locator("main")).not_to_contain_text("@other")
    found = (await platform.client.get("/v1/conversations")).json()["items"]
    assert [each["assignee"] for each in found if each["customer"] == "@other"] == [None]


async def be_refused_in_the_midst(page: Page) -> None:
    """Be told beside what one writes that it did not work, and that one was signed out; no problem is put into the page."""
    await page.goto("/check")
    text, verdict = page.get_by_label("Your text"), page.locator("#verdict")
    problem = '{"type": "about:blank", "title": "Too many requests", "status": 429}'
    await page.route(
        "**/check", lambda route: route.fulfill(status=429, body=problem, content_type="application/problem+json")
    )
    await text.press_sequentially("Hello")
    await expect(verdict.get_by_role("status")).to_contain_text("What you wrote is still here.")
    await expect(verdict).not_to_contain_text("about:blank")
    await page.unroute("**/check")
    await text.press_sequentially(" there")
    await expect(verdict.locator("h2")).to_have_text("Yes, go ahead")
    await expect(page.locator("#refused")).to_have_count(0)

    elsewhere = await page.context.new_page()
    await elsewhere.goto("/")
    await elsewhere.locator("summary", has_text="Person 1").click()
    await elsewhere.get_by_role("button", name="Sign out").click()
    await elsewhere.wait_for_url("**/signed-out")
    await text.press_sequentially("!")
    await expect(verdict.locator("#refused")).to_contain_text("You have been signed out")
    await expect(verdict.get_by_role("heading", name="Yes, go ahead")).to_be_visible()
    await expect(text).to_have_value("Hello there!")
    await verdict.get_by_role("button", name="Sign in again").click()
    await expect(page.get_by_label("User name")).to_be_visible()


async def check_without_scripts(page: Page) -> None:
    """Check a draft, and use the words that the rule suggests, by buttons alone."""
    await page.goto("/check")
    await page.get_by_label("Your text").fill(HELD)
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.locator("#verdict mark.hold")).to_have_text("battery")
    await page.get_by_role("button", name="Use these words").click()
    await expect(page.get_by_label("Your text")).to_have_value("You hear from us as soon as we know more.")


async def read_a_letter(page: Page) -> None:
    """Read what a coach wrote, answer, and ask for a second look."""
    await page.get_by_role("link", name="My guidance").click()
    await page.locator(".letter-row.unread a").click()
    await expect(page.locator(".letter-paper")).to_contain_text("Say what you can keep.")
    await expect(page.locator(".letter-paper .suggestion")).to_have_text("Delivery is planned for Friday.")
    await page.get_by_label("Answer Person 2").fill("Would “planned” do?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#talk .said-by.us")).to_contain_text("Would “planned” do?")
    await page.get_by_text("I see it differently").click()
    await page.get_by_label("What was missed?").fill("The depot had promised it.")
    await page.get_by_role("button", name="Ask for a second look").click()
    await expect(page.get_by_role("heading", name="Another coach looks at it")).to_be_visible()


async def register_an_account(page: Page) -> None:
    """Add an account, get its code, and remove it again."""
    await page.get_by_role("link", name="My accounts").click()
    await page.get_by_label("Your name there").fill("@fresh")
    await page.get_by_role("button", name="Add it").click()
    await page.get_by_role("button", name="Give me a code").click()
    await expect(page.locator(".code-big")).to_have_text(re.compile(r"\S{6,}"))
    await page.get_by_role("button", name="Remove this account").click()
    await expect(page.locator("#said")).to_contain_text("Removed.")
    await expect(page.locator(".rows")).not_to_contain_text("@fresh")


async def go_away_and_look_who_looked(page: Page, platform: Platform) -> None:
    """Go away until further notice, come back, see that a coach looked, and take one's data along."""
    coach = await platform.as_person("E-2", role="coach")
    assert (await coach.get("/v1/people/E-1")).is_success
    await page.goto("/availability")
    await page.get_by_label("I am away").check()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator(".presence")).to_contain_text("You are away")
    await page.get_by_label("I am away").uncheck()
    await page.get_by_role("button", name="Keep it").click()
    await page.get_by_role("button", name="I take a break").click()
    await expect(page.locator(".presence")).to_contain_text("You are not here")
    await page.get_by_role("link", name="Privacy").click()
    await expect(page.locator(".look-day li", has_text="Person 2")).to_contain_text("your record")
    await expect(page.get_by_role("heading", name="How long things are kept")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Take my data along").click()
    assert (await download.value).suggested_filename == "my-data.json"
