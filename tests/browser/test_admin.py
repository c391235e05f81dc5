"""Administration in a browser: a key, a webhook and a source made and ended, and what the audit says of it."""

import re
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, expect

from tests.browser.story import PEOPLE, ask
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import add_people, publish
from tests.platform import Platform


async def test_an_administrator_makes_a_key_a_webhook_and_a_source_and_finds_it_all_in_the_audit(
    browser: Browser, platform: Platform
) -> None:
    await add_people(platform, 4)
    await platform.settle()
    page = await sign_in(browser, platform, PEOPLE["admin"], "admin")
    page.on("dialog", lambda dialog: dialog.accept())

    await make_and_end_a_key(page, platform)
    await make_a_webhook(page)
    await make_a_source(page)

    await page.get_by_role("link", name="Audit").click()
    for action in ("api_key", "webhook", "source"):
        await expect(page.locator("tbody")).to_contain_text(re.compile(action))
    await page.get_by_role("link", name="Health").click()
    await expect(page.locator("tbody tr")).to_have_count(4)
    await expect(page.locator("tbody")).not_to_contain_text("does not answer")
    assert urlsplit(page.url).path == "/admin/health"


async def make_and_end_a_key(page: Page, platform: Platform) -> None:
    await page.get_by_role("link", name="Keys").click()
    await page.get_by_role("button", name="New key").click()
    await page.get_by_label("What is it for?").fill("HR system")
    await page.get_by_label("People: read").check()
    await page.get_by_role("button", name="Make the key").click()
    secret = await page.locator(".secret").inner_text()
    machine = await platform.client_for(headers={"Authorization": f"Bearer {secret}"})
    assert (await machine.get("/v1/people")).status_code == 200
    assert (await machine.get("/v1/posts")).status_code == 403
    await page.get_by_role("button", name="I have copied it").click()
    await expect(page.locator("main")).not_to_contain_text(secret)
    await page.get_by_role("button", name="New secret").click()
    assert await page.locator(".secret").inner_text() != secret
    assert (await machine.get("/v1/people")).status_code == 200, "the one before works on for a day"
    await page.get_by_role("button", name="I have copied it").click()
    await page.get_by_role("button", name="End this key").click()
    await expect(page.locator("#said")).to_contain_text("The key has ended")
    assert (await machine.get("/v1/people")).status_code == 401


async def make_a_webhook(page: Page) -> None:
    await page.get_by_role("link", name="Webhooks").click()
    await page.get_by_role("button", name="New webhook").click()
    await page.get_by_label("Name").fill("Chat")
    await page.get_by_label("Address").fill("https://user:word@chat.example/hook")
    await page.get_by_role("button", name="Add the webhook").click()
    await expect(page.locator("#field-url-error")).not_to_be_empty()
    await page.get_by_label("Address").fill("https://chat.example/hook")
    await page.get_by_role("button", name="Add the webhook").click()
    await expect(page.locator(".secret")).to_contain_text("whsec_")
    await page.get_by_role("button", name="I have copied it").click()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("main")).to_contain_text("by hand")


async def make_a_source(page: Page) -> None:
    await page.get_by_role("link", name="Sources").click()
    await page.get_by_role("button", name="New source").click()
    await page.get_by_label("Name").fill("Our feed")
    await page.get_by_label("Address of the feed").fill("https://feed.example/rss")
    await page.get_by_role("button", name="Add the source").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Our feed")
    await page.get_by_label("Why?").fill("Not yet.")
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator("main")).to_contain_text("Not yet.")


async def test_a_certificate_is_stopped_with_a_reason_and_a_mode_needs_two(
    browser: Browser, platform: Platform
) -> None:
    await add_people(platform, 4)
    await publish(platform)
    await ask(platform, "/v1/certifications", {"key": "reader", "title": "Reader", "policies": ["social-media"]})
    await ask(platform, "/v1/policies/social-media/versions/1/acknowledgements", {"employee_number": "E-1"})
    await platform.client.patch("/v1/people/E-1", json={"legal_entity": "Harbour GmbH"})
    await platform.settle()
    page = await sign_in(browser, platform, PEOPLE["admin"], "admin")

    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("link", name="People").click()
    await page.get_by_label("Search people").fill("person 1")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Person 1").click()
    await stop_a_certificate(page, platform)

    await page.get_by_role("link", name="Works council").click()
    card = page.locator("article", has_text="Harbour GmbH")
    await card.locator("summary").click()
    await card.get_by_label("Why?").fill("Agreed with the works council.")
    await card.get_by_role("button", name="Propose").click()
    await page.get_by_role("button", name="Confirm as the second person").click()
    await expect(page.locator(".note")).to_be_visible()
    assert page.complaints != [], "the one who proposed is refused"  # type: ignore[attr-defined]


async def stop_a_certificate(page: Page, platform: Platform) -> None:
    """Suspend a certificate, give it back, and withdraw it for good."""
    held = page.locator("article", has_text="Reader")
    for button, why, state in (
        ("Suspend", "We look into it.", "suspended"),
        ("Give it back", "All is well.", "valid"),
        ("Withdraw", "It was for somebody else.", "withdrawn"),
    ):
        await held.locator("summary").click()
        await held.get_by_label("Why?").fill(why)
        await held.get_by_role("button", name=button).click()
        await expect(page.locator("#said")).to_contain_text("Done, and noted")
        await expect(held.locator(".chip")).to_have_text(state)
    await expect(held).to_contain_text("It was for somebody else.")
    await expect(held.locator("summary")).to_have_count(0)
    [certificate] = (await platform.client.get("/v1/people/E-1/certificates")).json()["items"]
    assert (certificate["status"], certificate["reason"]) == ("revoked", "It was for somebody else.")
