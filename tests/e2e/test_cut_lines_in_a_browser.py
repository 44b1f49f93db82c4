"""A purchase in a real browser whose line to the shop breaks: nothing is lost by it, nothing happens twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.config import Config
from bot.demo.setting import free_port
from shop_core.db.inbox import count_pending
from shop_core.db.shop import Shop
from shop_core.invariants.verify import verify
from shop_core.orders.models import OrderState
from tests.browser import PATIENCE_MS, browser
from tests.e2e.demo_shop import A_CODE, config, opened, states_of
from tests.e2e.line import Line, Way
from tests.process.premises import Hands, Premises, until

__all__ = ["browser", "config"]


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody at a page, who presses each button once."""

    page: Page

    async def chooses(self) -> None:
        await self.key("爱奇艺黄金会员").click()
        await expect(self.key("买 1 张")).to_be_visible()

    async def notices_the_loss(self) -> None:
        await expect(self.page.locator("#offline")).to_be_visible(timeout=PATIENCE_MS)

    async def is_back(self) -> None:
        """The page got itself another line."""
        await expect(self.page.locator("#offline")).to_be_hidden(timeout=PATIENCE_MS)

    async def pays(self) -> None:
        """He is asked to pay once, and pays at the cashier."""
        pay = self.page.get_by_role("link", name="去付款")
        await expect(pay).to_have_count(1, timeout=PATIENCE_MS)
        cashier = await self.page.context.new_page()
        await cashier.goto(str(await pay.get_attribute("href")))
        await cashier.locator("button[value=pay]").click()
        await cashier.wait_for_load_state()
        await cashier.close()

    async def uncovers_one_code(self) -> None:
        await expect(self.key("查看卡密")).to_have_count(1, timeout=PATIENCE_MS)
        await expect(self.page.get_by_role("link", name="去付款")).to_have_count(0)
        await self.key("查看卡密").click()
        await self.page.locator(".foil").click()
        await expect(self.page.locator("code.code")).to_have_count(1)
        await expect(self.page.locator("code.code")).to_have_text(A_CODE)
        await expect(self.page.locator("#log.locked")).to_have_count(0)

    def key(self, words: str) -> Locator:
        return self.page.get_by_role("button", name=words)


async def a_buyer(browser: Browser, line: Line) -> Buyer:
    page = await (await browser.new_context(locale="zh-CN")).new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"http://127.0.0.1:{line.port}/chat")
    return Buyer(page)


async def until_orders_are(shop: Shop, *states: OrderState) -> None:
    """Wait until everything heard has been answered, and these are the states of all orders."""

    async def are() -> bool:
        return await states_of(shop) == list(states) and not await shop.read(count_pending)

    await until(are)


@pytest.mark.parametrize("lost", Way)
async def test_a_line_that_breaks_at_buying_and_at_paying_loses_and_doubles_nothing(
    browser: Browser, config: Config, lost: Way
) -> None:
    async with opened(config) as shop, Line(config.http.port).laid() as line:
        buyer = await a_buyer(browser, line)
        await buyer.chooses()
        line.lose(lost)
        await buyer.key("买 1 张").click()
        await line.has_lost_something()
        if lost is Way.TO_PAGE:
            await until_orders_are(shop, OrderState.AWAITING)
        line.cut()
        await buyer.notices_the_loss()
        await buyer.is_back()
        await until_orders_are(shop, OrderState.AWAITING)

        line.lose(lost)
        await buyer.pays()
        await until_orders_are(shop, OrderState.DELIVERED)
        line.cut()
        await buyer.notices_the_loss()
        await buyer.is_back()
        await buyer.uncovers_one_code()
        assert await states_of(shop) == [OrderState.DELIVERED]


async def test_a_shop_that_restarts_in_the_middle_of_a_purchase_loses_and_doubles_nothing(
    browser: Browser, config: Config
) -> None:
    async with Line(config.http.port).laid() as line:
        async with opened(config):
            buyer = await a_buyer(browser, line)
            await buyer.chooses()
            line.lose(Way.TO_SHOP)
            await buyer.key("买 1 张").click()
            await line.has_lost_something()
            line.cut()
        await buyer.notices_the_loss()
        async with opened(config) as shop:
            await buyer.is_back()
            await until_orders_are(shop, OrderState.AWAITING)
            await buyer.pays()
            line.lose(Way.TO_PAGE)
            await until_orders_are(shop, OrderState.DELIVERED)
            line.cut()
        await buyer.notices_the_loss()
        async with opened(config) as shop:
            await buyer.is_back()
            await buyer.uncovers_one_code()
            assert await states_of(shop) == [OrderState.DELIVERED]


async def test_a_shop_killed_with_a_screen_on_its_way_shows_that_screen_once_when_it_is_back(
    browser: Browser, tmp_path: Path, sqlite_url: str
) -> None:
    premises = Premises.lay(tmp_path, sqlite_url, port=free_port())
    async with premises.hands() as hands, Line(premises.config().http.port).laid() as line:
        await hands.stock(2)
        async with premises.open() as shop:
            buyer = await a_buyer(browser, line)
            await buyer.key("季卡").click()
            await expect(buyer.key("买 1 张")).to_be_visible()
            line.lose(Way.TO_PAGE)
            await buyer.key("买 1 张").click()
            await until(partial(_is_placed_and_answered, hands))
            await line.has_lost_something()
            await shop.kill()
        line.cut()
        await buyer.notices_the_loss()
        async with premises.open():
            await buyer.is_back()
            order = buyer.page.locator('.card[data-slot^="order:"]')
            await expect(order).to_have_count(1, timeout=PATIENCE_MS)
            await expect(buyer.page.locator("#log.locked")).to_have_count(0)
            assert await hands.one("SELECT count(*) FROM orders") == 1
            assert await hands.all_letters_are_done()
            assert await hands.shop.read(verify) == []


async def _is_placed_and_answered(hands: Hands) -> bool:
    return await hands.one("SELECT count(*) FROM orders") == 1 and await hands.all_letters_are_done()
