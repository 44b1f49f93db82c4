"""A real browser for tests: Debian's Chromium without a window. Import the fixture where it is wanted."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 30_000
# Playwright's own five seconds are short where another test has the other processor.
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI tests the page in a browser, but chromium is not installed", pytrace=False)
        pytest.skip("no browser: chromium is not installed")
    async with a_browser() as browser:
        yield browser


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """A browser that is closed in the end."""
    async with async_playwright() as playwright:
        # Chromium's sandbox does not start for root; the pages that it opens here are our own.
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        await browser.close()


def complaints_of(page: Page) -> list[str]:
    """What the browser complains of from now on: broken scripts, and what the page's policy forbids."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # While the server is down the browser says so itself, for each attempt.
        if message.type in {"error", "warning"} and "ERR_CONNECTION_REFUSED" not in message.text:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
