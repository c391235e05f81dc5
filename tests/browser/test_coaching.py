"""A coach's day in a browser: the queue by keyboard alone, guidance given, an approval decided, a question answered."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.hosts import faults
from tests.browser.story import say as post
from tests.browser.test_dashboard import sign_in
from tests.browser.test_learning import tab_to
from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform

RULE = """
```rule
id: {id}
severity: {severity}
detect: {{words: [{word}]}}
message: Please leave that out.
examples: {{match: [It is {word}.], pass: [It is planned.]}}
```
"""
BLOCKED = RULE.format(id="no-guarantee", severity="block", word="guaranteed")
HELD = RULE.format(id="no-surprise", severity="hold", word="secret")
TEMPLATE = {
    "policy": "social-media",
    "rule": "no-guarantee",
    "title": "Say what is planned",
    "message": "You answered at once.",
    "better_wording": "Delivery is planned for Friday.",
}

PATIENCE = 15_000
"""Milliseconds for a form and the page after it, where the machine has other work."""


@pytest.fixture
async def team(platform: Platform) -> Platform:
    """E-1 and E-2 wrote what the rules find; E-3 reviews for the team."""
    await add_people(platform, 4)
    await publish(platform, POLICY.replace("locale: de", "locale: en") + BLOCKED + HELD)
    client = platform.client
    for number, handle in (("E-1", "@one"), ("E-2", "@two")):
        account = {"network": "mastodon", "handle": handle, "kind": "staff", "employee_number": number}
        await client.post("/v1/accounts", json=account)
    await client.post("/v1/guidance-templates", json=TEMPLATE)
    await client.post("/v1/task-team/seats", json={"key": "reviewer", "role": "reviewer"})
    body = {"employee_number": "E-3", "seat": "reviewer", "experience": "Ten years.", "why": "Kind."}
    named = (await client.post("/v1/task-team/nominations", json=body)).json()
    path = f"/v1/task-team/nominations/{named['id']}/decision"
    answer = await client.post(path, json={"decision": "appoint", "reason": "Yes."})
    assert answer.is_success, answer.text
    await platform.settle()
    for place, author in enumerate(("@one", "@two")):
        await post(platform, str(place), "staff", author, f"Delivery on {author} day is guaranteed.")
    await platform.settle()
    return platform


async def states(platform: Platform) -> list[str]:
    """Return the states of all findings, the first found first."""
    found = (await platform.client.get("/v1/findings")).json()["items"]
    return [one["state"] for one in reversed(found)]


async def test_a_coach_works_through_the_queue_by_keyboard_alone(browser: Browser, team: Platform) -> None:
    page = await sign_in(browser, team, "E-3", "coach")
    await page.goto("/queue")
    await expect(page.get_by_role("heading", level=2, name="Answering customers")).to_be_visible()
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await walk(page)
    await page.keyboard.press("c")
    await said(page, "It is yours now.")
    assert await states(team) == ["claimed", "open"]

    await write_guidance(page)
    await said(page, "Sent.")
    await expect(page.locator(".words footer")).to_contain_text("Person 2")
    assert await states(team) == ["guided", "open"]
    await page.keyboard.press("d")
    await tab_to(page, page.get_by_label("Something else"))
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_label("The rule is too strict here.")).to_be_checked()
    await tab_to(page, page.get_by_label("In your words"))
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#finding")).to_contain_text("The queue is empty")
    assert await states(team) == ["guided", "dismissed"]
    assert page.complaints == []  # type: ignore[attr-defined]


async def test_a_coach_who_is_faster_than_the_page_loses_no_key(browser: Browser, team: Platform) -> None:
    page = await sign_in(browser, team, "E-3", "coach")
    scripts = asyncio.Event()

    async def held(route: Route) -> None:
        await scripts.wait()
        await route.continue_()

    await page.goto("/queue")
    await expect(page.locator("main[data-loaded]")).to_be_visible()
    await page.route("**/queue.js*", held)
    await page.keyboard.press("c")
    await page.keyboard.press("x")
    await expect(page.locator("#said")).to_contain_text("It is yours now.", timeout=PATIENCE)
    await page.keyboard.press("g")
    await expect(page.locator("main[data-loaded]")).to_have_count(0)
    scripts.set()
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#message")).to_have_value("")
    assert page.complaints == []  # type: ignore[attr-defined]


async def said(page: Page, words: str) -> None:
    """Wait for the page that says so, and until it listens to keys."""
    await expect(page.locator("#said")).to_contain_text(words, timeout=PATIENCE)
    await expect(page.locator("main[data-loaded]")).to_be_visible()


async def walk(page: Page) -> None:
    """Look at the help, go to the next finding and back."""
    press = page.keyboard.press

    await press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("it needs nothing")
    await press("Escape")
    await press("j")
    await expect(page.locator(".words mark")).to_have_text("guaranteed")
    await expect(page.locator(".words footer")).to_contain_text("Person 2")
    await expect(page.locator("#finding-title")).to_be_focused()
    await press("k")
    await expect(page.locator(".words footer")).to_contain_text("Person 1")
    assert await page.locator(".finding-row[aria-current]").count() == 1


async def write_guidance(page: Page) -> None:
    """Begin with a template, better a wording until the rules agree, and send it."""
    await page.keyboard.press("g")
    await expect(page.locator("#message")).to_be_focused()
    await tab_to(page, page.get_by_role("button", name="Say what is planned"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#message")).to_have_value("You answered at once.")
    await expect(page.locator("#preview")).to_contain_text("the rules agree with this wording")
    await tab_to(page, page.get_by_label("How it could be worded"))
    await page.keyboard.type("It is guaranteed.")
    await expect(page.locator("#preview")).to_contain_text("the rules would still object")
    await page.keyboard.press("Control+a")
    await page.keyboard.type("It is planned.")
    await expect(page.locator("#preview blockquote")).to_have_text("It is planned.")
    assert await faults(page) == []
    await page.keyboard.press("Control+Enter")


async def test_who_comes_second_is_told_and_what_comes_in_does_not_move_the_list(
    browser: Browser, team: Platform
) -> None:
    page = await sign_in(browser, team, "E-3", "coach", color_scheme="dark")
    await page.goto("/queue")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await expect(page.locator(".words footer")).to_contain_text("Person 1")

    await post(team, "9", "staff", "@one", "Saturday is guaranteed.")
    await expect(page.locator("#news")).to_have_text("1 new, show it")
    await expect(page.locator(".finding-row")).to_have_count(2)
    await page.locator("#news").click()
    await expect(page.locator(".finding-row")).to_have_count(3)

    shown = (await page.locator("article.finding").get_attribute("data-id")) or ""
    other = await team.as_person("E-4", role="coach")
    assert (await other.post(f"/v1/findings/{shown}/claim", json={})).is_success
    await expect(page.locator("#overtaken")).to_contain_text("A colleague has just taken this on")
    assert await faults(page) == []
    await page.get_by_role("button", name="Take it on").click()
    await expect(page.locator("#said")).to_contain_text("Somebody was a moment faster", timeout=PATIENCE)
    await expect(page.locator("#finding")).to_contain_text("Person 4 has taken this on.")
    await expect(page.get_by_role("button", name="Take it on")).to_have_count(0)
    assert page.complaints == []  # type: ignore[attr-defined]


async def ask(platform: Platform) -> None:
    """Let E-1 ask for an approval, and put a question to the team."""
    author = await platform.as_person("E-1")
    draft = {"text": "Our secret is out.", "network": "mastodon", "keep": True}
    kept = (await author.post("/v1/checks", json=draft)).json()
    body = {"check": kept["receipt"]["id"], "note": "It is on the news."}
    answer = await author.post("/v1/approval-requests", json=body)
    assert answer.is_success, answer.text
    body = {"text": "May I answer on Sundays?", "policy": "social-media", "section": "answering"}
    answer = await author.post("/v1/task-team/questions", json=body)
    assert answer.is_success, answer.text


async def test_a_coach_decides_an_approval_and_makes_an_answer_something_that_everybody_reads(
    browser: Browser, team: Platform
) -> None:
    await ask(team)
    page = await sign_in(browser, team, "E-3", "coach", java_script_enabled=False)
    await page.get_by_role("link", name="Approvals").click()
    card = page.locator("article", has_text="Our secret is out.")
    await expect(card.locator("mark")).to_have_text("secret")
    await expect(card).to_contain_text("It is on the news.")
    await card.get_by_role("button", name="Decline").click()
    await expect(card.locator(".error")).to_have_text("Say why, so that they can mend it.")
    await card.get_by_label("A word to the author").fill("Go ahead.")
    await card.get_by_role("button", name="Approve").click()
    await expect(page.locator("#said")).to_contain_text("Approved.", timeout=PATIENCE)
    (request,) = (await team.client.get("/v1/approval-requests?employee_number=E-1")).json()["items"]
    assert (request["state"], request["comment"]) == ("approved", "Go ahead.")
    await answer_the_question(page)
    faq = (await team.client.get("/v1/policies/social-media/faq")).json()["items"]
    assert [(one["section"], one["question"]) for one in faq] == [("answering", "May we answer on Sundays?")]


async def answer_the_question(page: Page) -> None:
    """Answer the question that is with the coach, and let everybody read it."""
    await page.get_by_role("link", name="Questions").click()
    await page.get_by_role("link", name="May I answer on Sundays?").click()
    await expect(page).to_have_url(re.compile("/questions/"))
    await page.get_by_label("Your answer").fill("Yes, if you like. Nobody has to.")
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.locator("#said")).to_contain_text("Answered.", timeout=PATIENCE)
    await page.get_by_label("The question").fill("May we answer on Sundays?")
    await page.get_by_role("button", name="Let everybody read it").click()
    await expect(page.locator("#said")).to_contain_text("Everybody can read it now", timeout=PATIENCE)
