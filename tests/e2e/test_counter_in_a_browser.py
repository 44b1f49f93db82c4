"""The counter on a phone: a day's work of an owner on the staff's page, without typing a command or an id."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from limits import RateLimitItemPerSecond
from playwright.async_api import Browser, Locator, Page, expect

from bot.demo.setting import OWNER, demo_setting, free_port
from bot.outside import Outside
from bot.run import serve
from bot.wiring import Program
from shop_core.catalog.read import get_variant
from shop_core.conversations.sign_in import make_link
from shop_core.customers.people import meet
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.invariants.verify import verify
from shop_core.kernel.money import Money
from shop_core.kernel.numbers import display_number
from shop_core.migrations.upgrade import upgrade
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.orders.read import get_any
from shop_core.orders.take_payment import take_payment
from shop_core.payments.gateway import Notice
from shop_core.wallet.balance import adjust, balance_of
from tests.browser import PATIENCE_MS, browser, complaints_of

__all__ = ["browser"]

PHONE: Final[Any] = {"width": 390, "height": 844}
THUMB: Final = 36
"""Points that a finger hits."""
_BUTTONS: Final = """card => [...card.querySelectorAll("button")].map(button => {
    const box = button.getBoundingClientRect();
    return [box.left, box.right, box.height, button.scrollWidth > button.clientWidth];
})"""
NAME: Final = "爱奇艺黄金会员 手机平板电视通用 不限地区 季卡年卡随心选"


@pytest.fixture
async def shop_at() -> AsyncIterator[tuple[Shop, str]]:
    """An open shop with a web chat and nothing for sale, and its address."""
    with demo_setting(free_port()) as setting:
        await upgrade(setting.config.database.url.reveal())
        stop = asyncio.Event()
        opened: asyncio.Future[tuple[Program, int]] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(
                setting.config,
                # A browser that a test drives presses faster than a thumb.
                Outside(most=RateLimitItemPerSecond(10_000)),
                stop=stop,
                on_ready=lambda program, port: opened.set_result((program, port)),
            )
        )
        try:
            either: set[asyncio.Future[Any]] = {serving, opened}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not opened.done():
                await serving
            program, port = opened.result()
            yield program.shop, f"http://127.0.0.1:{port}"
            assert await program.shop.read(verify) == []
        finally:
            stop.set()
            await serving


class Counter:
    """A phone with the staff's page open, and a thumb."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, words: str, then: str) -> None:
        """Press the newest button with these words, and wait for a screen that says something."""
        await self.button(words).click()
        await self.sees(then)

    async def say(self, text: str, then: str) -> None:
        entry = self.page.locator("#entry")
        await entry.fill(text)
        await entry.press("Enter")
        await self.sees(then)

    async def send(self, file: Path, then: str) -> None:
        await self.page.locator("#picker").set_input_files(file)
        await self.sees(then)

    async def sees(self, words: str) -> None:
        """The newest card says it, nothing sticks out, and every button of it is whole and wide enough for a thumb."""
        # Until the answer is there, the newest card is still the one that was pressed, and may say the same.
        await expect(self.page.locator("#log.locked")).to_have_count(0)
        await expect(self.card).to_contain_text(words)
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for left, right, height, is_cut in await self.card.evaluate(_BUTTONS):
            assert left >= 0
            assert right <= PHONE["width"]
            assert height >= THUMB
            assert not is_cut

    @property
    def card(self) -> Locator:
        return self.page.locator(".card").last

    def button(self, words: str) -> Locator:
        return self.card.get_by_role("button", name=re.compile(f"^{re.escape(words)}")).last


async def signed_in(browser: Browser, shop: Shop, address: str) -> Counter:
    token = await shop.write(make_link, f"web:{OWNER}")
    page = await (await browser.new_context(viewport=PHONE, locale="zh-CN")).new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{address}/staff/enter/{token}")
    await page.get_by_role("button", name="登录").click()
    counter = Counter(page)
    await expect(counter.button("管理")).to_be_visible()
    return counter


async def a_paid_order(shop: Shop, variant_id: int) -> tuple[int, str]:
    """Somebody buys one from his balance: who, and the order's number."""

    def come(tx: Tx) -> Any:
        person = meet(tx, channel="web", external_id="b" * 32, name="小明", language="zh")
        adjust(tx, person.person_id, Money(20_000, "CNY"), key="adjust:e2e")
        return person

    buyer = await shop.write(come)
    number = await place_order(shop, buyer, Wish(variant_id, 1, "abcdefghij"))
    await pay_from_wallet(shop, buyer, number)
    return buyer.person_id, number


async def test_a_day_at_the_counter_without_a_command_or_an_id(
    browser: Browser, shop_at: tuple[Shop, str], tmp_path: Path
) -> None:
    shop, address = shop_at
    counter = await signed_in(browser, shop, address)
    complaints = complaints_of(counter.page)
    await counter.press("管理", then="没有待处理的事")

    # A product with two variants.
    await counter.press("商品", then="还没有商品")
    await counter.press("新建商品", then="新建商品 (1/4)")
    await counter.say(NAME, then="新建商品 (2/4)")
    await counter.say("视频会员", then="新建商品 (3/4)")
    await counter.say("15 12.3", then="新建商品 (4/4)")
    await counter.say("月卡", then="看看对不对")
    await counter.press("再加一个规格", then="新建商品 (3/4)")
    await counter.say("148", then="新建商品 (4/4)")
    await counter.say("年卡", then="看看对不对")
    await counter.press("上架", then="在售")

    # Codes for it, from a file.
    await counter.press("入库 月卡", then="卡密文件")
    file = tmp_path / "codes.txt"
    file.write_text("".join(f"FRESH-{number:04}\n" for number in range(5)))
    await counter.send(file, then="入库 5")
    assert "FRESH" not in await counter.page.inner_text("#log")

    # Another price, looked at before and taken back after.
    await counter.press("看商品", then="在售")
    await counter.press("改价 月卡", then="现在 ¥15.00")
    await counter.say("16", then="¥15.00 → ¥16.00")
    await counter.press("改成 ¥16.00", then="¥16.00")
    await counter.press("撤销，改回 ¥15.00", then="¥15.00")
    assert (await shop.read(get_variant, 1)).price.minor == 1500

    # An order, found by what the customer reads out, and its money given back.
    person_id, number = await a_paid_order(shop, 1)
    await counter.press("管理首页", then="没有待处理的事")
    await counter.press("查订单", then="发来单号")
    await counter.say(number[-4:].lower(), then=display_number(number))
    await counter.press("退款 ¥15.00", then="退")
    await counter.press("退款 ¥15.00", then="已退款")
    assert (await shop.read(balance_of, person_id)).minor == 20_000

    # Money without a place: the order that it may have been for is a button.
    buyer = await shop.write(meet, channel="web", external_id="b" * 32, name="", language="")
    waiting = await place_order(shop, buyer, Wish(1, 1, "bcdefghijk"))
    await take_payment(shop, "sandbox", Notice(waiting, "T-ODD-1", Money(1600, "CNY"), paid=True))
    await counter.press("管理首页", then="待处理 1")
    await counter.press("待处理", then="待处理 1")
    await counter.press("来路不明的付款", then=f"付款人附的单号：{display_number(waiting)}")
    await counter.press(f"记到 {display_number(waiting)}，多出 ¥1.00 入余额", then="这笔钱已对上订单")
    assert (await shop.read(get_any, waiting)).state.value == "delivered"
    assert (await shop.read(balance_of, person_id)).minor == 20_100
    await counter.press("管理首页", then="没有待处理的事")
    assert complaints == []
