"""A purchase in a corner of somebody else's page: the shop is in an iframe of another site there."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from bot.config import Config
from bot.config_webchat import ThemeConfig
from shop_core.db.shop import Shop
from shop_core.orders.models import OrderState
from shop_core.orders.pay_door import PayDoor
from shop_core.orders.read import list_latest
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
        await page.get_by_role("button", name="打开巷口小店").click()
        chat = page.frame_locator("#kapu-shop iframe")
        await chat.get_by_role("button", name="爱奇艺黄金会员").click()
        await chat.get_by_role("button", name="买 1 张").click()
        async with page.context.expect_page() as paying:
            await chat.get_by_role("link", name="去付款").click()
        cashier = await paying.value
        await cashier.locator("button[value=pay]").click()
        await cashier.get_by_role("link", name="返回商家").click()
        await expect(cashier.get_by_text("付款结果会发到聊天里")).to_be_visible()
        await expect(cashier.get_by_role("link")).to_have_count(0)
        await _pay_page_leads_nowhere(cashier, config, shop)
        await cashier.close()
        await chat.get_by_role("button", name="查看卡密").click()
        await chat.locator(".foil").click()
        await expect(chat.locator("code.code")).to_have_text(A_CODE)
        assert await states_of(shop) == [OrderState.DELIVERED]


async def _pay_page_leads_nowhere(window: Page, config: Config, shop: Shop) -> None:
    """The chat by itself would meet a stranger: his cookie is for the other site. It has the name that he knows."""
    [order] = await shop.read(list_latest, limit=10)
    address = PayDoor(f"http://127.0.0.1:{config.http.port}/pay").link(shop, order.number)
    await window.goto(str(address))
    await expect(window).to_have_title("巷口小店")
    await expect(window.locator("header")).to_have_text("巷口小店")
    await expect(window.get_by_text("回到聊天，结果会发到那里")).to_be_visible()
    await expect(window.get_by_role("link")).to_have_count(0)


def _with_site(config: Config, origin: str) -> Config:
    theme = ThemeConfig(name="巷口小店")
    web = config.channels["web"].model_copy(update={"sites": (origin,), "theme": theme})
    return config.model_copy(update={"channels": {**config.channels, "web": web}})
