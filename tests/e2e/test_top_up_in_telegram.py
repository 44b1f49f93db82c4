"""A direct top-up from end to end: asked for in Telegram, bought from a site that then keeps silent, topped up once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.e2e.phone_credit import press, say, sell_its_credit
from tests.e2e.stage import Stage, an_open_shop
from tests.standins.cashier import CashierControl
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.telegram import TelegramStandIn, TelegramUser

PHONE: Final = "13812345678"
WAITS_S: Final = 0.3
KEPT: Final = (
    "messages",
    "cases",
    "purchases",
    "purchase_asks",
    "orders",
    "order_lines",
    "forms",
    "prompts",
    "outbox",
)
"""Where a buyer's words would lie about if anything let them."""


class Hurried(httpx.AsyncBaseTransport):
    """The network, with less patience for the answers of one page than the shop has: half a minute is long in a test."""

    def __init__(self, page: str, waits_s: float) -> None:
        self._page, self._waits_s = page, waits_s
        self._network = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._page):
            request.extensions["timeout"]["read"] = self._waits_s
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


@pytest.fixture
async def stage(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn, site: SupplierControl
) -> AsyncIterator[Stage]:
    """A shop that sells its credit."""
    network = Hurried("/recharge", WAITS_S)
    async with an_open_shop(
        tmp_path, sqlite_url, cashier, tg, transport=network, supplier=site.base_url
    ) as opened:
        await sell_its_credit(opened.shop)
        yield opened


def _about_it(user: TelegramUser) -> list[str]:
    """What the chat has about an order that is paid."""
    texts = [message.text for message in user.messages()]
    return [text for text in texts if "订单 " in text and "待付款" not in text]


async def test_a_time_out_after_buying_tops_up_once_and_one_message_tells_of_it(
    stage: Stage, site: SupplierControl, tg: TelegramStandIn
) -> None:
    user, opening = tg.user(first_name="小明"), site.balance
    site.fail_next("hang_after", "/recharge")
    await asyncio.to_thread(user.start)
    home = await user.wait_for_async("自动发货", 10)
    product = await press(user, home, "手机话费", "¥49.80")
    await press(user, product, "充 1 份", "请发来要充值的手机号")
    await say(user, "12345", "不像一个手机号")
    sure = await say(user, "138 1234 5678", "请核对账号")
    assert "138****5678" in sure.text
    bill = await press(user, sure, "没错", "待付款")
    await stage.pay(bill)
    await stage.until("SELECT count(*) FROM purchases WHERE state = 'unknown'", 1)
    [asked] = await stage.rows("SELECT said FROM purchase_asks WHERE what = 'place'")
    assert "ReadTimeout" in asked["said"]
    # Nobody asks while the buyer looks; and he is told now what he would be told after some seconds.
    await stage.change("UPDATE purchases SET due_at = due_at + 600000000")
    await stage.change("UPDATE messages SET due_at = 0 WHERE news = 'order_waits'")
    waiting = await user.wait_for_async("充值结果还没回来", 10)
    assert "138****5678" in waiting.text
    assert site.purchases == 1
    await stage.change("UPDATE purchases SET due_at = 0")
    done = await user.wait_for_async("充值成功", 10)
    assert await stage.rows("SELECT state, tries FROM purchases") == [{"state": "done", "tries": 1}]
    assert (site.purchases, site.balance) == (1, opening - 4930)
    [order] = site.orders
    assert order["inputs"] == {"mobile": PHONE}
    async with asyncio.timeout(10):
        # One message from paid to done: what the news takes the place of goes away after it.
        while _about_it(user) != [done.text]:  # noqa: ASYNC110 - the stand-in is in another thread
            await asyncio.sleep(0.02)
    opened = await press(user, done, "查看回执", "充值回执")
    assert opened.spoilers == (PHONE, f"LS{order['ref']}")
    for table in KEPT:
        assert PHONE not in str(await stage.rows(f"SELECT * FROM {table}")), table
