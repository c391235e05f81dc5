"""Dates and numbers as the reader's language writes them: as they are sent, and once the scripts have run."""

import re
from datetime import timedelta

from playwright.async_api import Browser, Page

from tests.browser.story import ask
from tests.gateway.story import add_people, publish
from tests.platform import Platform

TIMES = {"de": re.compile(r"\d{1,2}\. \w+\.? \d{4}, \d\d:\d\d"), "en": re.compile(r"\d{1,2} \w+ \d{4}, \d\d:\d\d")}
DAYS = {"de": re.compile(r"\d{1,2}\. [A-ZÄ]\w+ \d{4}"), "en": re.compile(r"\d{1,2} [A-Z]\w+ \d{4}")}
MONTHS = {
    "de": {"Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"},
    "en": {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}
FIGURES = {"de": ["1.234", "1.234", "38 %"], "en": ["1,234", "1,234", "38%"]}
PAGES = ("/admin/audit", "/admin/keys/{key}", "/editor/social-media", "/campaigns", "/policies/social-media")


async def test_dates_and_numbers_are_written_as_the_readers_language_does_with_scripts_and_without(
    browser: Browser, platform: Platform
) -> None:
    await add_people(platform, 2)
    await publish(platform)
    due = (platform.clock.now() + timedelta(days=40)).isoformat()
    await ask(platform, "/v1/acknowledgement-campaigns", {"policy": "social-media", "title": "Read", "due_at": due})
    key = (await ask(platform, "/v1/api-keys", {"name": "payroll", "scopes": ["people:read"]}))["id"]
    person = await platform.as_person("E-1", "admin")
    url = platform.running["gateway"].url
    for language in ("de", "en"):
        for scripts in (True, False):
            context = await browser.new_context(base_url=url, locale=language, java_script_enabled=scripts)
            await context.add_cookies(
                [{"name": one.name, "value": one.value or "", "url": url} for one in person.cookies.jar]
            )
            page = await context.new_page()
            for path in PAGES:
                await see_dates(page, path.format(key=key), language)
            await page.goto("/styleguide")
            shown = await page.locator(".tab-number, .figure-cell:is(td)").all_inner_texts()
            assert [one.replace("\xa0", " ") for one in shown if one not in {"12", "38.2%"}][:3] == FIGURES[language]
            await context.close()


async def see_dates(page: Page, path: str, language: str) -> None:
    """Look at all days and times of a page, of which there must be some."""
    answer = await page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    times = await page.locator("main time[data-shown='time']").all_inner_texts()
    days = await page.locator("main time[data-shown='day']").all_inner_texts()
    assert [one for one in times if not TIMES[language].fullmatch(one)] == [], path
    assert [one for one in days if not DAYS[language].fullmatch(one)] == [], path
    months = {re.sub(r"[\d.,: ]", "", one)[:3] for one in (*times, *days)}
    assert months, f"{path} shows no date"
    assert months <= MONTHS[language], path
