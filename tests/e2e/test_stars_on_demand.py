"""Stars for goods that are bought when they are paid for: the price is looked at before the money and before buying.

When every route says no, what was paid goes back as the Stars that it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from shop_core.supply.sync import read_list
from tests.e2e.phone_credit import press, say, sell_its_credit
from tests.e2e.stage import Stage, an_open_shop
from tests.standins.cashier import CashierControl
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.world import TOP_UP
from tests.standins.telegram import ShownMessage, TelegramStandIn, TelegramUser

STARS: Final = 498
DEARER: Final = 6_000
"""More than the buyer pays."""


@pytest.fixture
async def stage(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn, site: SupplierControl
) -> AsyncIterator[Stage]:
    """A shop that sells its credit for Stars, at 0.10 each."""
    async with an_open_shop(
        tmp_path, sqlite_url, cashier, tg, supplier=site.base_url, has_stars=True
    ) as opened:
        await sell_its_credit(opened.shop)
        yield opened


async def _at_the_bill(user: TelegramUser) -> ShownMessage:
    await asyncio.to_thread(user.start)
    home = await user.wait_for_async("自动发货", 10)
    product = await press(user, home, "手机话费", "¥49.80")
    await press(user, product, "充 1 份", "请发来要充值的手机号")
    sure = await say(user, "13812345678", "请核对账号")
    return await press(user, sure, "没错", f"应付 {STARS} ⭐")


async def _pay(user: TelegramUser) -> str:
    """Pay the bill. Returns ``paid``, or the reason against it."""

    def pay() -> str:
        state = user.wait_for_checkout(user.pay(), 10)
        return state.error or state.state

    return await asyncio.to_thread(pay)


async def test_what_is_bought_for_stars_is_delivered(
    stage: Stage, site: SupplierControl, user: TelegramUser
) -> None:
    await _at_the_bill(user)
    assert await _pay(user) == "paid"
    await user.wait_for_async("充值成功", 10)
    assert site.purchases == 1
    [line] = await stage.rows("SELECT paid_minor, cost_minor FROM order_lines")
    assert line == {"paid_minor": 4980, "cost_minor": 4930}


async def test_goods_that_became_too_dear_are_refused_before_the_money(
    stage: Stage, site: SupplierControl, user: TelegramUser
) -> None:
    await _at_the_bill(user)
    site.goods(TOP_UP, price=DEARER)
    await read_list(stage.shop, "dyr")
    assert await _pay(user) == "这个商品刚刚卖完，没有扣款。"
    assert await stage.count("SELECT count(*) FROM receipts") == 0
    assert await stage.count("SELECT count(*) FROM purchases") == 0


@pytest.mark.parametrize("why", ["dearer", "no_balance"])
async def test_stars_go_back_where_every_route_says_no(
    stage: Stage, site: SupplierControl, user: TelegramUser, tg: TelegramStandIn, why: str
) -> None:
    """Its price leaps after the question was answered; or it takes no order."""
    await _at_the_bill(user)
    if why == "dearer":
        site.goods(TOP_UP, price=DEARER)
    else:
        site.set(balance=0)
    assert await _pay(user) == "paid"
    await stage.until("SELECT count(*) FROM refunds WHERE state = 'done'", 1)
    [purchase] = await stage.rows("SELECT state, reason, booked_minor FROM purchases")
    reason = {"dearer": "price", "no_balance": "balance"}[why]
    assert (purchase["state"], purchase["reason"], purchase["booked_minor"]) == ("refused", reason, None)
    assert site.purchases == 0
    [order] = await stage.rows("SELECT state FROM orders")
    assert order["state"] == "refunded"
    kept = "SELECT count(*) FROM ledger_balances WHERE account LIKE 'wallet:%' AND amount_minor <> 0"
    assert await stage.count(kept) == 0, "to where they came from, not to the balance"
    [call] = tg.calls_to("refundStarPayment")
    assert int(call.params["user_id"]) == user.id
    await user.wait_for_async(f"{STARS} ⭐ 已整单原路退回", 10)
