"""The bell in a browser: what came up, ticked off, and chosen when it comes."""

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import add_people
from tests.platform import Platform


async def test_somebody_sees_what_is_new_ticks_it_off_and_chooses_when_they_are_told(
    browser: Browser, platform: Platform
) -> None:
    await be_praised(platform)
    page = await sign_in(browser, platform, "E-1", "employee", reduced_motion="reduce")
    await expect(page.locator(".bell-number")).to_have_text("1")
    await page.get_by_role("link", name="For you to know").click()
    await expect(page.locator(".rows li")).to_contain_text("Your coach has written to you")
    assert await faults(page) == []
    await page.get_by_role("button", name="Mark as read").click()
    await expect(page.locator(".rows li.dealt-with")).to_have_count(1)
    await expect(page.locator(".bell-number")).to_have_count(0)

    await choose(page)
    kept = (await platform.client.get("/v1/notice-preferences/E-1")).json()
    assert (kept["zone"], kept["quiet_from"], kept["quiet_days"]) == ("Europe/Berlin", "19:30", [6])
    assert (kept["choices"]["digest_ready"], kept["choices"]["guidance_given"]) == ("off", "at_once")
    await give_a_chat(page)
    assert (await platform.client.get("/v1/notice-preferences/E-1")).json()["chat"] == {
        "kind": "slack",
        "host": "hooks.example.com",
    }
    await page.get_by_label("Which chat").select_option("None")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.get_by_text("hooks.example.com")).to_have_count(0)
    assert (await platform.client.get("/v1/notice-preferences/E-1")).json()["chat"] is None
    assert [text for text in page.complaints if "422" not in text] == []  # type: ignore[attr-defined]
    await page.emulate_media(color_scheme="dark")
    assert await faults(page) == []


async def test_where_a_notice_leads_stays_an_address_whatever_the_form_says(platform: Platform) -> None:
    await be_praised(platform)
    person = await platform.as_person("E-1")
    [notice] = (await person.get("/v1/notices")).json()["items"]
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', (await person.get("/notices")).text)
    assert token is not None
    form = {"form_token": token[1], "then": "/guidance/\u2013"}
    answer = await person.post(f"/notices/{notice['id']}/reading", data=form, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (204, "/guidance/%E2%80%93"), answer.text


async def be_praised(platform: Platform) -> None:
    """Let a coach write to somebody."""
    await add_people(platform, 2)
    await platform.settle()
    now = platform.clock.now().isoformat()
    own = {
        "network": "mastodon",
        "network_id": "1",
        "posted_at": now,
        "kind": "staff",
        "author": "@one",
        "text": "Hello!",
    }
    account = {"network": "mastodon", "handle": "@one", "kind": "staff", "employee_number": "E-1"}
    made = await platform.client.post("/v1/accounts", json=account)
    assert made.is_success, made.text
    await platform.client.post("/v1/posts", json=[own])
    await platform.settle()
    theirs = (await platform.client.get("/v1/posts", params={"kind": "staff"})).json()["items"][0]["id"]
    praise = {"post": theirs, "message": "You listened first.", "employee_number": "E-2"}
    given = await platform.client.post("/v1/guidance", json=praise)
    assert given.is_success, given.text
    await platform.settle()


async def choose(page: Page) -> None:
    """Choose when to be told; what is wrong is said, and what was chosen stays."""
    await page.get_by_label("I can look back on my week").select_option("Only here")
    await page.get_by_text("Nothing at night").click()
    await page.get_by_label("Quiet from").fill("19:30")
    await page.get_by_text("Sun", exact=True).click()
    await page.get_by_label("Time zone").fill("Mars/Olympus")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Something is not right yet")
    await page.get_by_label("Time zone").fill("Europe/Berlin")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.locator("#said")).to_contain_text("We will tell you so from now on.")


async def give_a_chat(page: Page) -> None:
    """Name the address of a chat; one that is none is said, and one that is kept stays without being shown."""
    await page.get_by_label("Which chat").select_option("Slack or Mattermost")
    await page.get_by_label("Address of its incoming webhook").fill("http://10.0.0.1/hook")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.get_by_role("alert").first).to_contain_text("Something is not right yet")
    await expect(page.get_by_label("Which chat")).to_have_value("slack")
    await page.get_by_label("Address of its incoming webhook").fill("https://hooks.example.com/T/secret")
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.get_by_text("Your chat at hooks.example.com is told, too.")).to_be_visible()
    await page.get_by_role("button", name="Keep it so").click()
    await expect(page.locator("#said")).to_contain_text("We will tell you so from now on.")
    await expect(page.get_by_text("Your chat at hooks.example.com is told, too.")).to_be_visible()
    assert "secret" not in await page.content()
