"""The chat inside another site's page, in a real browser: a button in the corner, a panel, and who may have them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Browser, FrameLocator, Locator, Page, Route, expect

from bot.web.headers import framed_by
from handlers.screen import Line, Screen
from shop_core.customers.people import Address
from shop_core.kernel.errors import RetryLater
from tests.browser import PATIENCE_MS, browser, complaints_of
from tests.channels.webchat.stage import CODE, Chat, an_open_chat
from tests.standins.site import Site, a_site, page_with

__all__ = ["browser"]

NEWS = Screen((Line("已发货"),), slot="order:K7M2-9QXD")


@dataclass
class Visitor:
    """Somebody on the other site."""

    page: Page
    chat: FrameLocator
    complaints: list[str]

    @property
    def launcher(self) -> Locator:
        return self.page.locator("#kapu-shop").get_by_role("button")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#kapu-shop").get_by_role("dialog")


@asynccontextmanager
async def a_shop_on_a_site(sqlite_url: str, *, is_named: bool = True) -> AsyncIterator[tuple[Chat, Site]]:
    async with a_site() as site:
        sites = (site.origin,) if is_named else ("https://www.example.com",)
        async with an_open_chat(sqlite_url, sites=sites) as chat:
            site.html = page_with(f"{chat.base_url}/chat/embed.js")
            yield chat, site


async def a_visitor(
    browser: Browser, site: Site, *, width: int = 1000, height: int = 760, **options: str
) -> Visitor:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale=options.get("locale", "zh-CN")
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(page)
    await page.goto(site.origin)
    return Visitor(page, page.frame_locator("#kapu-shop iframe"), complaints)


async def test_one_line_brings_the_shop_into_another_site_and_its_visitor_is_known_again(
    browser: Browser, sqlite_url: str
) -> None:
    async with a_shop_on_a_site(sqlite_url) as (chat, site):
        visitor = await a_visitor(browser, site)
        await expect(visitor.launcher).to_have_accessible_name("打开云卡小铺")
        await expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
        assert chat.asked == [], "who does not open it costs the shop nothing"
        await visitor.launcher.click()
        await expect(visitor.panel).to_have_accessible_name("云卡小铺")
        await visitor.chat.get_by_role("button", name="买 1 张").click()
        await visitor.chat.locator(".foil").click()
        await expect(visitor.chat.locator("code.code")).to_have_text(CODE)
        cookies = await visitor.page.context.cookies()
        assert [(cookie["name"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
            ("kapu-web-inside", True, "None")
        ]
        assert cookies[0].get("partitionKey"), (
            "kept for this pair of sites, so browsers that block others keep it"
        )

        await visitor.page.goto(f"{site.origin}/next")
        await visitor.launcher.click()
        await expect(visitor.chat.locator(".card").first).to_be_visible()
        await visitor.chat.locator("#entry").fill("又来了")
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.chat.locator(".card").last).to_contain_text("又来了")
        assert visitor.complaints == []
    assert len({asked.external_id for asked in chat.asked}) == 1


async def test_the_panel_is_opened_and_closed_by_keyboard_and_the_focus_goes_along(
    browser: Browser, sqlite_url: str
) -> None:
    async with a_shop_on_a_site(sqlite_url) as (_, site):
        visitor = await a_visitor(browser, site)
        await visitor.launcher.focus()
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.panel).to_be_visible()
        await expect(visitor.chat.locator("#entry")).to_be_focused()
        await visitor.page.keyboard.press("Escape")
        await expect(visitor.panel).to_be_hidden()
        await expect(visitor.launcher).to_be_focused()
        await visitor.page.keyboard.press("Enter")
        await expect(visitor.chat.locator("#entry")).to_be_focused()
        await visitor.chat.get_by_role("button", name="关闭").click()
        await expect(visitor.panel).to_be_hidden()
        await expect(visitor.launcher).to_be_focused()


async def test_news_for_a_closed_panel_makes_a_mark_and_waits_until_it_is_opened(
    browser: Browser, sqlite_url: str
) -> None:
    async with a_shop_on_a_site(sqlite_url) as (chat, site):
        visitor = await a_visitor(browser, site)
        await visitor.launcher.click()
        await expect(visitor.chat.locator(".card")).to_have_count(1)
        address = Address("web", chat.asked[0].external_id)
        await visitor.launcher.click()
        with pytest.raises(RetryLater):
            await chat.channel.send(address, NEWS)
        await expect(visitor.launcher).to_have_accessible_name("打开云卡小铺 · 有新消息")
        await visitor.page.reload()
        await expect(visitor.launcher).to_have_accessible_name("打开云卡小铺 · 有新消息")
        await visitor.launcher.click()
        await expect(visitor.launcher).to_have_accessible_name("关闭")
        await expect(visitor.chat.locator(".card").first).to_be_visible()
        telling = asyncio.create_task(chat.channel.send(address, NEWS))
        await expect(visitor.chat.get_by_text("已发货")).to_be_visible()
        await telling


async def test_on_a_phone_the_panel_is_the_whole_screen(browser: Browser, sqlite_url: str) -> None:
    async with a_shop_on_a_site(sqlite_url) as (_, site):
        visitor = await a_visitor(browser, site, width=390, height=844, locale="en-US")
        await expect(visitor.launcher).to_have_accessible_name("Open 云卡小铺")
        await visitor.launcher.click()
        assert await visitor.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
        await visitor.chat.get_by_role("button", name="Close").click()
        await expect(visitor.panel).to_be_hidden()


async def test_a_site_that_is_not_named_shows_no_shop(browser: Browser, sqlite_url: str) -> None:
    async with a_shop_on_a_site(sqlite_url, is_named=False) as (chat, site):
        visitor = await a_visitor(browser, site)
        async with visitor.page.expect_console_message(lambda said: "frame-ancestors" in said.text):
            await visitor.launcher.click()
        await expect(visitor.chat.locator("#entry")).to_have_count(0)
        assert chat.asked == []
    async with an_open_chat(sqlite_url) as chat, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{chat.base_url}/chat/embed.js")).status_code == 404
        assert (await http.get(f"{chat.base_url}/chat")).headers["content-security-policy"] == framed_by(())


async def test_a_browser_that_keeps_no_cookie_there_is_offered_a_window_of_its_own(
    browser: Browser, sqlite_url: str
) -> None:
    async def without_cookie(route: Route) -> None:
        # Not by the browser's own means: those would keep the cookie.
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(route.request.url, headers={"Accept-Language": "zh-CN"})
        headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        await route.fulfill(status=answer.status_code, headers=headers, body=answer.text)

    async with a_shop_on_a_site(sqlite_url) as (chat, site):
        visitor = await a_visitor(browser, site)
        await visitor.page.route(lambda url: "/chat?embed" in url, without_cookie)
        await visitor.launcher.click()
        link = visitor.chat.get_by_role("link", name="在新窗口打开")
        async with visitor.page.expect_popup() as popup:
            await link.click()
        await visitor.page.unroute_all(behavior="ignoreErrors")
        await expect((await popup.value).locator(".card")).to_have_count(1)
        assert len(chat.asked) == 1
