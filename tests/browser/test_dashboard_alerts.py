"""What the dashboard says that a lead must look at, and whom it shows as nobody by themselves."""

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.story import ask, say
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import person, publish
from tests.monitoring.organisation import certify
from tests.platform import Platform

COMPLAINT = "Still waiting for my parcel after three weeks. Worst service ever."
COUNCIL = range(1, 9)
"""Who works where the works-council mode is on: as many as hide each other."""


async def test_a_lead_is_told_of_a_spike_of_promises_soon_due_and_of_a_pause_and_of_nobody_in_works_council_mode(
    browser: Browser, platform: Platform
) -> None:
    await staff(platform)
    page = await sign_in(browser, platform, "E-9", "lead")
    await page.goto("/dashboard")
    await expect(page.locator("main[data-loaded]")).to_be_visible()
    await expect(page.locator("#alerts")).to_have_text("Nothing needs you at the moment.")

    for number in range(5):
        await say(platform, f"c-{number}", "mention", f"@upset{number}", COMPLAINT)
    urgent = page.locator("#alerts .urgent", has_text="Complaints come in faster than usual.")
    await expect(urgent).to_contain_text("5 in an hour, otherwise 0")
    await expect(urgent.get_by_role("link", name="Open the queue")).to_have_attribute("href", "/queue")
    due = page.locator("#alerts .warn", has_text="5 promised answers are due within half an hour")
    await expect(due).to_contain_text(re.compile(r"the next in \d+ (min|s)"))

    await see_a_pause(platform, page)
    await see_nobody_of_the_council(page)
    assert await faults(page) == []
    assert page.complaints == []  # type: ignore[attr-defined]


async def staff(platform: Platform) -> None:
    """Hire eight people in works-council mode and one who is not, all of whom answer customers; two more do not."""
    for number in (*COUNCIL, 9, 10, 11):
        hired = person(number) | ({"legal_entity": "Nord AG"} if number in COUNCIL else {})
        await ask(platform, "/v1/people", hired | ({"department": "Press"} if number > 9 else {}))
    await publish(platform)
    await ask(platform, "/v1/certifications", {"key": "reader", "title": "Reader", "policies": ["social-media"]})
    first, second = await platform.as_person("E-1", "admin"), await platform.as_person("E-2", "admin")
    path = "/v1/works-council-modes/Nord%20AG/changes"
    change = await first.post(path, json={"on": True, "reason": "Agreed."})
    confirmed = await second.post(f"{path}/{change.json()['id']}/confirmation")
    assert confirmed.is_success, confirmed.text
    await platform.settle()
    for number in (*COUNCIL, 9):
        one = (await platform.client.get(f"/v1/people/E-{number}")).json()["id"]
        await platform.running["monitoring"].app.state.db.write(certify, number, person=one, id=f"c-{number}")
        there = {"languages": ["en"], "capacity": 1, "weekly_minutes": 600, "online": True}
        assert (await platform.client.put(f"/v1/availability/E-{number}", json=there)).is_success
    promised = {"first_answer_minutes": 20, "next_answer_minutes": 20}
    assert (await platform.client.put("/v1/service-promises/other", json=promised)).is_success


async def see_a_pause(platform: Platform, page: Page) -> None:
    """What a pause keeps waiting is no gap in the team, as long as it lasts and not a moment longer."""
    pause = await ask(platform, "/v1/pauses", {"scope": "language:en", "reason": "A recall."})
    for number in range(5, 10):
        await say(platform, f"c-{number}", "mention", f"@upset{number}", COMPLAINT)
    still = page.locator("#alerts .urgent", has_text="Replies stand still (English): A recall.")
    await expect(still).to_contain_text("5 conversations wait until it ends")
    await expect(page.locator("#alerts")).not_to_contain_text("finds nobody")
    assert (await platform.client.delete(f"/v1/pauses/{pause['id']}")).is_success
    await expect(still).to_have_count(0)
    await expect(page.locator("#alerts")).to_contain_text(
        "1 conversation finds nobody: everyone who could take it has their hands full."
    )


async def see_nobody_of_the_council(page: Page) -> None:
    """Who is in the mode is shown together with their department only, and who is not, by name."""
    for part in ("load", "coverage", "queue"):
        await page.locator(f"details.as-table:has(#{part}-table) summary").click()
    rows = page.locator("#load-table tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_have_text(re.compile("Care, all together.*8"))
    await expect(rows.nth(1)).to_contain_text("Person 9")
    await expect(page.locator("#load-council")).to_be_visible()
    await expect(page.locator("#coverage-table tbody")).to_have_text("2 small departments together110011")
    shown = await page.locator("main").inner_text()
    assert [number for number in COUNCIL if f"Person {number}" in shown or f"E-{number}" in shown] == []
    await expect(page.locator("#queue-table tbody")).to_contain_text("offered to a colleague")
