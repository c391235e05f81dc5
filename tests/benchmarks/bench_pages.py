"""Every page of the portal with the demonstration's data, opened in a browser that has nothing of it yet.

How soon something is painted after the page is asked for, and how much was transferred for it, on loopback. Run it
with `python -m tests.benchmarks.bench_pages`; DATA_DIR takes a demonstration that runs there, PAGES="home queue" only these.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.async_api import Browser, Error, async_playwright

from tests.benchmarks.table import Row, print_table
from tests.browser.conftest import chromium
from tests.browser.pages import PAGES, NothingToShow, Shown, path_of
from tests.browser.screenshots import demonstration, signed_in

PAINT = 200.0
"""Milliseconds from the click to the first paint."""
WEIGHT = 150_000
"""Bytes on the line, packed, for all that a page asks for until it is whole."""
ROUNDS = 3
"""The best of these counts: a busy machine is not a slow page."""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"
"""The browser notes a paint a moment after it was."""
MEASURE = """() => {
  const paint = performance.getEntriesByType("paint").find((entry) => entry.name === "first-contentful-paint");
  const page = performance.getEntriesByType("navigation")[0];
  const files = performance.getEntriesByType("resource").filter((entry) => entry.initiatorType !== "fetch" || entry.responseEnd);
  return {
    paint: paint.startTime,
    answered: page.responseEnd,
    bytes: [page, ...files].reduce((sum, entry) => sum + entry.encodedBodySize, 0),
    most: files.sort((a, b) => b.encodedBodySize - a.encodedBodySize).slice(0, 3).map((entry) => `${entry.name.split("/").pop().split("?")[0]} ${Math.round(entry.encodedBodySize / 1000)}`),
  };
}"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as it was opened: milliseconds to the first paint and to the page's last byte, and bytes in all."""

    name: str
    paint: float
    answered: float
    size: int
    most: str


async def open_once(browser: Browser, told: dict[str, Any], shown: Shown, path: str, state: Any) -> dict[str, Any]:
    """Open a page in a window that has no file of it."""
    context = await browser.new_context(base_url=told["url"], storage_state=state)
    try:
        page = await context.new_page()
        await page.goto(path)
        await page.locator(shown.ready).first.wait_for(timeout=20_000)
        await page.wait_for_function(PAINTED)
        measured: dict[str, Any] = await page.evaluate(MEASURE)
        return measured
    finally:
        await context.close()


async def measure(told: dict[str, Any], wanted: Sequence[str]) -> list[Opened]:
    """Open the pages as whom they are for."""
    opened = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for role in dict.fromkeys(shown.role for shown in PAGES):
            context = await signed_in(browser, told, role)
            state = await context.storage_state()
            for shown in PAGES:
                if shown.role != role or (wanted and shown.name not in wanted):
                    continue
                try:
                    path = await path_of(shown, context)
                    rounds = [await open_once(browser, told, shown, path, state) for _ in range(ROUNDS)]
                except (NothingToShow, Error) as why:
                    sys.stderr.write(f"{shown.name}: {why}\n")
                    continue
                best = min(rounds, key=lambda each: float(each["paint"]))
                most = ", ".join(best["most"])
                opened.append(Opened(shown.name, best["paint"], best["answered"], best["bytes"], most))
            await context.close()
        await browser.close()
    return opened


def run() -> list[Row]:
    """Measure all pages; ratios are to the goals, so that below 1 is good."""
    with demonstration() as told:
        opened = asyncio.run(measure(told, os.environ.get("PAGES", "").split()))
    for each in sorted(opened, key=lambda one: -one.paint):
        sys.stderr.write(
            f"{each.name:24} {each.paint:5.0f} ms (page {each.answered:4.0f}) {each.size / 1000:6.1f} KB  {each.most}\n"
        )
    slowest, heaviest = max(opened, key=lambda one: one.paint), max(opened, key=lambda one: one.size)
    over = sum(each.paint >= PAINT for each in opened)
    usual = median(each.paint for each in opened)
    return [
        Row("slowest page, first paint", slowest.paint / PAINT, "200 ms", "< 1", f"{slowest.name}: {slowest.paint:.0f} ms; median of {len(opened)} pages {usual:.0f} ms, {over} over"),
        Row("heaviest page, packed", heaviest.size / WEIGHT, "150 KB", "< 1", f"{heaviest.name}: {heaviest.size / 1000:.0f} KB, with what its scripts ask for"),
    ]  # fmt: skip


if __name__ == "__main__":
    print_table(run())
