"""WeChat Pay inside WeChat: from "hi" to the code by one button on the pay page, and the money back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from shop_core.orders.refund import return_order, return_seen_order
from tests.browser import browser, complaints_of
from tests.channels.wechat.stage import CODE, Stage, a_wechat_shop
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Follower
from tests.standins.wechatpay import WeChatPayStandIn, a_merchant

__all__ = ["browser"]

WECHATS: Final = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126 Mobile MicroMessenger/8.0.50"
PHONE: Final[Any] = {"width": 390, "height": 760}
BRIDGE: Final = """
window.WeixinJSBridge = {
  invoke: (name, call, told) => tap(name, call).then((err_msg) => told({ err_msg })),
};
"""
"""What WeChat puts into the pages that it shows."""
BY: Final = "shell:test"


@pytest.fixture
async def pay() -> AsyncIterator[WeChatPayStandIn]:
    async with WeChatPayStandIn(a_merchant()).serving() as standin:
        yield standin


@pytest.fixture
async def stage(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, pay: WeChatPayStandIn
) -> AsyncIterator[Stage]:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, pay=pay) as stage:
        await stage.product("月卡", [CODE, "AB-2"])
        yield stage


async def at_the_page(person: Follower) -> str:
    """From hello to the address of the pay page."""
    await person.say("hi")
    await person.say("1")
    bill = await person.say("1")
    assert bill is not None
    return next(line for line in bill.splitlines() if line.startswith("http"))


async def in_wechat(browser: Browser, pay: WeChatPayStandIn, openid: str) -> BrowserContext:
    """The browser of somebody's WeChat."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", user_agent=WECHATS)

    async def tap(name: str, call: dict[str, str]) -> str:
        assert name == "getBrandWCPayRequest"
        return pay.tap(call, openid)

    await context.expose_function("tap", tap)
    await context.add_init_script(BRIDGE)
    return context


async def test_from_hi_to_the_code_by_one_button(
    stage: Stage, pay: WeChatPayStandIn, browser: Browser
) -> None:
    person = stage.wechat.follower()
    page = await at_the_page(person)
    await expect_way_in(browser, page)

    friend = await in_wechat(browser, pay, "o-somebody-else")
    window = await friend.new_page()
    await window.goto(page)
    await window.get_by_role("button", name="微信支付 ¥15.00").click()
    await expect(window.get_by_text("这次没有付成")).to_be_visible()
    await friend.close()

    own = await in_wechat(browser, pay, person.openid)
    window = await own.new_page()
    complaints = complaints_of(window)
    await window.goto(page)
    await expect(window.get_by_text("这次没有付成")).to_be_hidden()
    await window.get_by_role("button", name="微信支付 ¥15.00").click()
    await expect(window.locator("h1")).to_have_text("已付款，回到聊天查看。")
    assert complaints == []
    await own.close()

    await stage.until("SELECT count(*) FROM messages WHERE state = 'sent'", 1)
    opened = await person.say("提货")
    assert opened is not None
    assert CODE in opened.splitlines()
    [number] = pay.orders
    assert pay.told[number] == 1
    await return_seen_order(stage.shop, number, by=BY)
    [refund] = pay.refunds.values()
    assert refund["amount"]["refund"] == 1500
    assert await stage.count("SELECT count(*) FROM receipts WHERE state = 'returned'") == 1


async def expect_way_in(browser: Browser, page: str) -> None:
    """Another browser shows a code that leads into WeChat, and asks for nothing itself."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN")
    window = await context.new_page()
    await window.goto(page)
    await expect(window.get_by_role("img", name="请用下单的那个微信扫一扫")).to_be_visible()
    await expect(window.get_by_role("button", name="微信支付")).to_have_count(0)
    await context.close()


async def test_money_is_found_by_asking_and_goes_back_when_the_way_is_free(
    stage: Stage, pay: WeChatPayStandIn
) -> None:
    person = stage.wechat.follower()
    page = await at_the_page(person)
    [number] = pay.orders
    pay.pay(number, person.openid, tell=False)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
        assert "已付款" in (await http.post(page)).text, "its word was lost, so it was asked"
    await stage.until("SELECT count(*) FROM orders WHERE state = 'delivered'", 1)

    pay.balance = 0
    await return_order(stage.shop, number, by=BY)
    told = "SELECT count(*) FROM cases WHERE kind = 'refund' AND closed_at IS NULL"
    assert await stage.count(told) == 1
    assert await stage.count("SELECT count(*) FROM receipts WHERE state = 'returning'") == 1
    assert pay.refunds == {}
    order = await person.say(number)
    assert order is not None
    assert "整单原路退回（微信支付）。一般很快就到" in order
    pay.balance = None
    await stage.until("SELECT count(*) FROM receipts WHERE state = 'returned'", 1)
    assert await stage.count(told) == 0
