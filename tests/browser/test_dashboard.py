"""The dashboard in a browser: what happens is on the page a moment later, under a policy that allows nothing inline."""

import re
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform

RULE = """
```rule
id: no-guarantee
severity: block
detect:
  words: ["guarantee", "guaranteed"]
message: We do not guarantee delivery dates.
examples:
  match: ["Delivery on Friday is guaranteed."]
  pass: ["Delivery is planned for Friday."]
```
"""


async def sign_in(browser: Browser, platform: Platform, employee_number: str, role: str, **options: Any) -> Page:
    """Sign in by the form and return the page; whatever the browser complains of fails the test."""
    await platform.as_person(employee_number, role=role)
    context = await browser.new_context(base_url=platform.running["gateway"].url, **options)
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints  # type: ignore[attr-defined]
    await page.goto("/")
    await page.get_by_label("User name").fill(employee_number)
    await page.get_by_label("Password").fill(f"pass-{employee_number}")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")
    return page


async def post(platform: Platform, network_id: str, kind: str, author: str, text: str) -> None:
    """Let a post come in."""
    body = {"network": "mastodon", "network_id": network_id, "kind": kind, "author": author, "text": text, "lang": "en"}
    answer = await platform.client.post("/v1/posts", json=body | {"posted_at": platform.clock.now().isoformat()})
    assert answer.is_success, answer.text


async def test_a_post_and_what_the_rules_found_in_it_appear_as_they_happen(
    browser: Browser, platform: Platform
) -> None:
    await add_people(platform, 3)
    await publish(platform, POLICY + RULE)
    account = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    await platform.client.post("/v1/accounts", json=account)
    tier = {"key": "reader", "title": "Reader", "policies": ["social-media"]}
    assert (await platform.client.post("/v1/certifications", json=tier)).is_success
    await platform.settle()
    page = await sign_in(browser, platform, "E-3", "lead")

    await page.get_by_role("link", name="Dashboard").click()
    await expect(page).to_have_url(re.compile("/dashboard$"))
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await expect(page.locator("#posts")).to_contain_text("No posts yet")
    await expect(page.locator("#sections")).to_contain_text("No findings")
    await expect(page.locator("#coverage")).to_have_text("Too few people for a figure that is nobody's own.")

    await post(platform, "1", "staff", "@one", "Delivery on Friday is guaranteed. <b>Really</b>")
    await post(platform, "2", "mention", "@someone", "Where is my parcel?")
    first = page.locator("#posts li", has_text="guaranteed")
    await expect(first.locator("b")).to_have_text("Person 1")
    await expect(first).to_contain_text("<b>Really</b>")
    await expect(first.locator(".mark")).to_have_text("Blocked by “Answering customers”")
    await expect(page.locator("#tile-findings")).to_have_text("1")
    await expect(page.locator("#tile-waiting")).to_have_text("1")
    await expect(page.locator("#sections")).to_contain_text("Answering customers", timeout=10_000)
    await expect(page.locator("#pulse canvas")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]


async def test_a_person_reads_and_accepts_their_guidance(browser: Browser, platform: Platform) -> None:
    await add_people(platform, 3)
    await publish(platform, POLICY + RULE)
    account = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    await platform.client.post("/v1/accounts", json=account)
    await platform.settle()
    await post(platform, "1", "staff", "@one", "Delivery on Friday is guaranteed.")
    await platform.settle()
    finding = (await platform.client.get("/v1/findings")).json()["items"][0]["id"]
    claimed = await platform.client.post(f"/v1/findings/{finding}/claim", json={"employee_number": "E-2"})
    assert claimed.is_success, claimed.text
    words = {"message": "Say what you can keep.", "better_wording": "Delivery is planned for Friday."}
    given = await platform.client.post(f"/v1/findings/{finding}/guidance", json=words | {"employee_number": "E-2"})
    assert given.is_success, given.text

    page = await sign_in(browser, platform, "E-1", "employee", color_scheme="dark")
    await page.get_by_role("link", name="My guidance").click()
    await expect(page).to_have_url(re.compile("/guidance$"))
    await page.locator(".letter-row.unread a").click()
    await expect(page.locator(".letter-paper .suggestion")).to_have_text("Delivery is planned for Friday.")
    await page.get_by_role("button", name="I take it with me").click()
    await expect(page.locator(".letter-row")).to_contain_text("taken")
    kept = (await platform.client.get("/v1/guidance")).json()["items"]
    assert [guidance["state"] for guidance in kept] == ["acknowledged"]
    assert page.complaints == []  # type: ignore[attr-defined]
