"""A lead's work in a browser: a policy from its first words until it is in force, a campaign, the team, the load."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.story import ask, say
from tests.browser.test_dashboard import sign_in
from tests.browser.test_learning import tab_to
from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform

PATIENCE = 15_000
"""Milliseconds for a form and the page after it, where the machine has other work."""
CONFLICT = "Failed to load resource: the server responded with a status of 412 (Precondition Failed)"
"""What a browser says of a page that shows two texts."""
SOURCE = """---
title: House rules
locale: en
---
# Talking {#talking}
You must not:

- speak to the media without prior approval.

```rule
id: no-shouting
severity: advise
detect: {words: [loud]}
message: Say it softly.
examples: {match: [So loud], pass: [So loud, too]}
```
"""


@pytest.fixture
async def lead(browser: Browser, platform: Platform) -> Page:
    """E-3 leads, and is signed in."""
    await add_people(platform, 4)
    await platform.settle()
    page = await sign_in(browser, platform, "E-3", "lead")
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return page


async def press(page: Page, name: str) -> None:
    """Press a button of the page."""
    await page.get_by_role("button", name=name, exact=True).click()


async def test_a_lead_writes_a_policy_with_live_advice_and_brings_it_into_force(platform: Platform, lead: Page) -> None:
    page = lead
    await page.get_by_role("link", name="Policy editor").click()
    await page.get_by_label("Title").fill("House rules")
    await press(page, "Open it")
    text = page.get_by_role("textbox", name="Text", exact=True)
    await text.fill(SOURCE)
    await expect(page.locator("#seen")).to_contain_text("speak to the media without prior approval")
    await expect(page.locator("#seen")).to_contain_text("should leave this alone")
    marked = await page.locator(".lines .error").all_inner_texts()
    assert "- speak to the media without prior approval." in marked
    await page.get_by_role("button", name="line 8").click()
    chosen = "document.getElementById('source').value.slice(document.getElementById('source').selectionStart).trim()"
    assert (await page.evaluate(chosen)).startswith("- speak to the media")
    assert await faults(page) == []
    await mend(platform, page)
    await say(platform, "1", "staff", "@one", "What a noisy day.")
    await platform.settle()
    await compare(page)
    assert page.complaints == [CONFLICT]  # type: ignore[attr-defined]


async def mend(platform: Platform, page: Page) -> None:
    """Join what a colleague kept meanwhile, ask for review, and publish what was approved."""
    text = page.get_by_role("textbox", name="Text", exact=True)
    path = "/v1/policies/house-rules/versions/1"
    theirs = SOURCE.replace("You must not", "Please do not")
    kept = await platform.client.put(path, json={"source": theirs, "change_note": "Softer.", "material": False})
    assert kept.is_success, kept.text
    await press(page, "Keep the draft")
    await expect(page.get_by_label("Theirs, as it is kept now")).to_have_value(theirs)
    await expect(page.get_by_label("Yours, not kept yet")).to_have_value(SOURCE)
    mended = SOURCE.replace("pass: [So loud, too]", "pass: [So soft]").replace("You must not:", "Everybody may:")
    await text.fill(mended)
    await expect(page.locator("#seen")).to_contain_text("all hold")
    await press(page, "Keep and ask for review")
    await expect(page.locator("#said")).to_contain_text("with the reviewers")

    decided = {"decision": "approve", "employee_number": "E-2", "comment": "Kind words."}
    await ask(platform, f"{path}/approvals", decided)
    await page.reload()
    await expect(page.get_by_text("Kind words.")).to_be_visible()
    await press(page, "Publish")
    await expect(page.locator("#said")).to_contain_text("in force now")
    assert (await platform.client.get("/v1/policies/house-rules")).json()["version"] == 1


async def compare(page: Page) -> None:
    """Begin the next version, see what changed, and try it on past posts: the chart says what would be new."""
    await page.goto("/editor/house-rules")
    text = page.get_by_role("textbox", name="Text", exact=True)
    await press(page, "Begin a new version")
    mended = (
        (await text.input_value()).replace("Everybody may", "All may").replace("words: [loud]", "words: [loud, noisy]")
    )
    await write_by_keyboard(page, mended)
    await page.get_by_role("link", name="What changed").click()
    await expect(page.locator(".diff ins").first).to_have_text("All")
    await expect(page.locator(".diff del").first).to_have_text("Everybody")
    await page.get_by_role("link", name="Try on past posts").click()
    await press(page, "Start")
    await expect(page.locator(".page-head .chip")).to_have_text("done")
    row = page.get_by_role("table", name="By rule").get_by_role("row", name="no-shouting")
    await expect(row.get_by_role("cell")).to_have_text(["1", "0"])
    assert await row.locator("rect").first.get_attribute("width") == "100.0"
    await expect(page.locator(".quote mark")).to_have_text("noisy")
    assert await faults(page) == []


async def write_by_keyboard(page: Page, source: str) -> None:
    """Write a version, leave the text again, and keep it, with nothing but keys."""
    text = page.get_by_role("textbox", name="Text", exact=True)
    await tab_to(page, text)
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text(source)
    await expect(page.locator("#seen")).to_contain_text("All may")
    await tab_to(page, page.get_by_label("What changes, in a sentence"))
    await page.keyboard.type("Noise, too.")
    await tab_to(page, page.get_by_label("Everybody accepts it anew"))
    await tab_to(page, page.get_by_role("button", name="Keep the draft"))
    await tab_to(page, text)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Without the mouse")).to_contain_text("keep the draft")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("Control+s")
    await expect(page.locator("#said")).not_to_be_empty()


async def test_a_lead_asks_for_acceptance_fills_a_seat_and_plays_the_load_through(
    platform: Platform, lead: Page
) -> None:
    await publish(platform, POLICY)
    page = lead
    await page.goto("/campaigns/new")
    await page.get_by_label("What people read about it").fill("Please read our policy")
    await page.get_by_label("By which day").fill("2099-12-01")
    await press(page, "Begin")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Please read our policy")
    await expect(page.locator(".rows")).to_contain_text("Person 1")
    await page.get_by_text("Somebody need not accept it").click()
    await page.get_by_label("Employee number").press_sequentially("PERSON 4")
    await expect(page.locator("#people-found option")).to_have_text(["Person 4 · Care"])
    await expect(page.locator("#people-found option")).to_have_attribute("value", "E-4")
    assert await faults(page) == []
    await page.get_by_label("Employee number").fill("E-4")
    await page.get_by_label("Why").fill("Leaves tomorrow.")
    await press(page, "Exempt them")
    await expect(page.locator(".rows")).to_contain_text("Leaves tomorrow.")
    await fill_a_seat(page)
    await play(page)
    assert page.complaints == []  # type: ignore[attr-defined]


async def fill_a_seat(page: Page) -> None:
    """Open a seat, put somebody forward, say why, and decide."""
    await page.goto("/team/seats")
    await page.get_by_label("Department").fill("Care")
    await page.get_by_label("Language").fill("en")
    await press(page, "Open it")
    await expect(page.locator("main")).to_contain_text("Nobody holds it")
    await press(page, "Put somebody forward")
    await page.get_by_text("Put somebody forward", exact=True).click()
    await page.get_by_label("Employee number").fill("E-1")
    await page.get_by_label("For which seat").select_option("reviewer-care-en")
    await page.get_by_label("What they have done").fill("Ten years of answers.")
    await page.get_by_label("Why they would be good at it").fill("Kind.")
    await press(page, "Put forward")
    await page.get_by_text("Say something yourself").click()
    await page.get_by_label("In your words").fill("Rings people up.")
    await press(page, "Say it")
    await expect(page.get_by_text("Rings people up.")).to_be_visible()
    await page.get_by_label("Why").fill("Trusted by all.")
    await press(page, "Appoint")
    await expect(page.locator(".page-head .chip")).to_have_text("appointed")
    await page.get_by_role("link", name="Task team").click()
    await expect(page.locator(".map .some").first).to_contain_text("Person 1")


async def play(page: Page) -> None:
    """Ask the simulator."""
    await page.get_by_role("link", name="Load", exact=True).click()
    await press(page, "What if …")
    await page.get_by_label("who speak").fill("en")
    await page.get_by_label("Made up").check()
    await press(page, "Play it through")
    await expect(page).to_have_url(re.compile("played="))
    await expect(page.locator("#result")).to_contain_text("Colleagues who can answer")
    await expect(page.locator("#waiting canvas")).to_be_visible()
    assert await faults(page) == []
