"""Learning in a browser with others, and after the day: a date with a coach, and what changed under a certificate."""

import asyncio
from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from tests.browser.hosts import faults
from tests.browser.learning_story import LIVE, write_course
from tests.browser.story import ask
from tests.browser.test_dashboard import sign_in
from tests.gateway.story import POLICY, add_people, publish
from tests.platform import Platform

BEFORE = POLICY.replace("locale: de", "locale: en")
QUESTION = {
    "key": "how-fast",
    "kind": "single",
    "text": "How fast do we answer?",
    "tags": ["answering"],
    "options": [{"text": "Within 4 hours", "correct": True}, {"text": "Within 24 hours", "feedback": "Not any more."}],
}


async def test_a_coach_notes_who_came_which_earns_a_certificate_that_stays_once_its_holder_learnt_what_changed(
    browser: Browser, platform: Platform
) -> None:
    await prepare(platform)
    person = await sign_in(browser, platform, "E-1", "employee", reduced_motion="reduce")
    await sign_up(person)
    coach = await sign_in(browser, platform, "E-2", "coach", reduced_motion="reduce")
    await see_who_comes(coach)
    platform.clock.advance(timedelta(minutes=30))
    await note_who_came(coach)
    await person.goto("/learning")
    await expect(person.locator("main")).to_contain_text("course completed")
    await platform.settle()
    (earned,) = await certificates(platform)

    await publish(platform, BEFORE.replace("24 hours", "4 hours"))
    await platform.settle()
    await until_asked(platform)
    await platform.settle()
    await person.goto("/notices")
    row = person.locator(".rows li", has_text="Something has changed that you should know")
    await expect(row).to_contain_text("Friend of greeting")
    await learn_what_changed(person)
    await platform.settle()
    (kept,) = await certificates(platform)
    assert (kept["id"], kept["status"], kept["expires_at"]) == (earned["id"], "valid", earned["expires_at"])
    await person.goto("/learning")
    await expect(person.locator("main")).not_to_contain_text("Something changed")
    assert [*person.complaints, *coach.complaints] == []  # type: ignore[attr-defined]


async def prepare(platform: Platform) -> None:
    """Write a course that is a date with a coach, with a question about a section; both people are on it."""
    await add_people(platform, 3)
    await publish(platform, BEFORE)
    await write_course(platform, "greeting", [LIVE])
    await ask(platform, "/v1/courses/greeting/questions", QUESTION)
    start = platform.clock.now() + timedelta(minutes=20)
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat()}
    date = {"course": "greeting", "module": "meet", "capacity": 8, "place": "The barn", "host": "E-2"}
    live = (await ask(platform, "/v1/live-sessions", date | times))["id"]
    for number in ("E-1", "E-3"):
        await ask(platform, "/v1/policies/social-media/versions/1/acknowledgements", {"employee_number": number})
        await ask(platform, "/v1/enrolments", {"employee_number": number, "course": "greeting"})
    await ask(platform, f"/v1/live-sessions/{live}/registrations", {"employee_number": "E-3"})
    await platform.settle()


async def certificates(platform: Platform) -> list[dict[str, object]]:
    """Return the certificates of E-1."""
    found: list[dict[str, object]] = (
        await platform.client.get("/v1/certificates", params={"employee_number": "E-1"})
    ).json()["items"]
    return found


async def until_asked(platform: Platform) -> None:
    """Wait until training has looked whom a change concerns, which it does in its own time."""
    async with asyncio.timeout(30):
        while not (await platform.client.get("/v1/people/E-1/deltas")).json()["items"]:  # noqa: ASYNC110  told by nothing
            await asyncio.sleep(0.05)


async def sign_up(page: Page) -> None:
    """Sign up for a date, give the place back, and take it again."""
    await page.get_by_role("link", name="Learning", exact=True).click()
    await page.get_by_role("link", name="The greeting course").click()
    await page.locator("main").get_by_role("link", name="Meet").first.click()
    await expect(page.locator("main")).to_contain_text("7 places left")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.locator("main")).to_contain_text("you have a place")
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.locator("main")).to_contain_text("7 places left")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("button", name="Give it back")).to_be_visible()
    assert await faults(page) == []


async def see_who_comes(page: Page) -> None:
    """Find the date that one leads, and who comes."""
    await page.get_by_role("link", name="Learning", exact=True).click()
    await page.get_by_role("link", name="Dates you lead").click()
    await expect(page.locator("main")).to_contain_text("2 people come: Person 1, Person 3")
    await expect(page.get_by_role("button", name="Note it")).to_have_count(0)
    assert await faults(page) == []


async def note_who_came(page: Page) -> None:
    """Once it has begun, note who was there; the other was not."""
    await page.reload()
    await page.get_by_label("Person 1").check()
    assert await faults(page) == []
    await page.get_by_role("button", name="Note it").click()
    rows = page.locator("main .rows li")
    await expect(rows.filter(has_text="Person 1")).to_contain_text("was there")
    await expect(rows.filter(has_text="Person 3")).to_contain_text("was not there")
    assert await faults(page) == []


async def learn_what_changed(page: Page) -> None:
    """See word by word what changed, answer wrongly, read once more, and answer rightly."""
    await page.goto("/learning")
    await page.locator("li", has_text="Something changed").get_by_role("link").click()
    await expect(page.locator(".diff del")).to_have_text("24")
    await expect(page.locator(".diff ins")).to_have_text("4")
    assert await faults(page) == []
    await page.get_by_label("Within 24 hours").check()
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("main")).to_contain_text("Not any more.")
    assert await faults(page) == []
    await page.get_by_label("Within 4 hours").check()
    await page.get_by_role("button", name="Done").click()
    await expect(page.locator("body")).to_contain_text("Your certificate covers the new wording now.")
