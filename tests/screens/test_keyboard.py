"""The web chat without a mouse: everything is reached by Tab, does its work on Enter, and says what it is."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.browser import PATIENCE_MS, browser, complaints_of
from tests.screens.goods import MONTH
from tests.screens.in_chromium import PHONE
from tests.screens.stage import Outskirts, an_open_shop

__all__ = ["browser"]

MOST_STOPS = 15
_NAMELESS = """() => [...document.querySelectorAll("button, a, textarea, [tabindex='0']")]
  .filter((node) => node.checkVisibility() && !(node.getAttribute("aria-label") || node.textContent.trim()))
  .map((node) => node.outerHTML)"""


async def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what has these words, and see that one sees it there."""
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        if words in str(await page.evaluate("document.activeElement.textContent")):
            ring = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            if await page.evaluate("document.activeElement.matches('button, a')"):
                assert ring == "solid"
                return
    raise AssertionError(f"Tab does not lead to {words}")


async def test_a_purchase_is_made_with_the_keyboard_alone(
    browser: Browser, around: Outskirts, tmp_path: Path
) -> None:
    async with an_open_shop(around, "few", tmp_path) as stage:
        context = await browser.new_context(viewport=PHONE, locale="zh-CN", reduced_motion="reduce")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        complaints = complaints_of(page)
        await page.goto(f"{stage.base_url}/chat")
        title = page.locator(".card h2").last
        await expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")

        # The first screen is there: until then Tab has nowhere to go.
        await expect(page.get_by_role("button", name=MONTH.zh)).to_be_visible()
        await tab_to(page, MONTH.zh)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="买 1 张")).to_be_visible()
        # The card that had the focus was replaced: its successor has it, so Tab goes on from there.
        assert await page.evaluate("document.activeElement.matches('.card')")
        assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == MONTH.zh
        assert await page.evaluate(_NAMELESS) == []

        await tab_to(page, "买 1 张")
        await page.keyboard.press("Enter")
        await expect(title).to_contain_text("待付款")
        assert await page.evaluate(_NAMELESS) == []
        await page.locator("#entry").focus()
        await page.keyboard.type("余额")
        await page.keyboard.press("Enter")
        await expect(title).to_contain_text("余额 ¥0.00")
        assert complaints == []
        await context.close()
