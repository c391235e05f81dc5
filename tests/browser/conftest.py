"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from services.gateway.portal.vendor import FILES, VENDOR

# What a page shall show is waited for as long on a busy machine as anything else is.
expect.set_options(timeout=20_000)


NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
"""What Debian and others call it; the first shows nothing on any screen and is the quickest."""


def chromium() -> str:
    """Return where Chromium is; with CI=true its absence fails, otherwise the test is left out."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    missing = [name for name in FILES.values() if not (VENDOR / name).exists()]
    if path is not None and not missing:
        return path
    why = f"the portal's files {', '.join(missing)} are not fetched (make does it)" if missing else "no chromium"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless browser."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        await started.close()
