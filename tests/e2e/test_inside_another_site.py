"""A purchase in a corner of somebody else's page: the shop is in an iframe of another site there."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from bot.config import Config
from shop_core.orders.models import OrderState
from tests.browser import PATIENCE_MS, browser
from tests.e2e.demo_shop import A_CODE, config, opened, states_of
from tests.standins.site import a_site, page_with

__all__ = ["browser", "config"]


async def test_a_visitor_of_another_site_buys_there_and_gets_a_code(browser: Browser, config: Config) -> None:
    async with a_site() as site, opened(_with_site(config, site.origin)) as shop:
        site.html = page_with(f"http://127.0.0.1:{config.http.port}/chat/embed.js")
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(site.origin)
        await page.get_by_role("button", name="打开云卡小铺").click()
        chat = page.frame_locator("#kapu-shop iframe")
        await chat.get_by_role("button", name="爱奇艺黄金会员").click()
        await chat.get_by_role("button", name="买 1 张").click()
        async with page.context.expect_page() as paying:
            await chat.get_by_role("link", name="去付款").click()
        cashier = await paying.value
        await cashier.locator("button[value=pay]").click()
        await cashier.wait_for_load_state()
        await cashier.close()
        await chat.get_by_role("button", name="查看卡密").click()
        await chat.locator(".foil").click()
        await expect(chat.locator("code.code")).to_have_text(A_CODE)
        assert await states_of(shop) == [OrderState.DELIVERED]


def _with_site(config: Config, origin: str) -> Config:
    web = config.channels["web"].model_copy(update={"sites": (origin,)})
    return config.model_copy(update={"channels": {**config.channels, "web": web}})
