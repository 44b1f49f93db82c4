"""Telegram from end to end: a person's client, the Bot API, the shop, the cashier, all over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from shop_core.kernel.numbers import display_number
from tests.e2e.conftest import CODE
from tests.e2e.stage import Stage, pay_url
from tests.standins.telegram import ImpossibleError, ShownMessage, TelegramUser

HOME, PRICE, BILL, DELIVERED = "自动发货", "¥15.00", "待付款", "已发货"
KEY = "forgedkey1"
ORDERS = "SELECT count(*) FROM orders"
SOLD = "SELECT count(*) FROM cards WHERE state = 'delivered'"
FREE = "SELECT count(*) FROM cards WHERE state = 'available'"


def _button(message: ShownMessage, words: str) -> str:
    return next(button.value for button in message.buttons if words in button.text)


async def _press(user: TelegramUser, message: ShownMessage, words: str, then: str) -> ShownMessage:
    """Press a button, and wait for a message with these words."""
    await asyncio.to_thread(user.press, _button(message, words), message=message)
    return await user.wait_for_async(then, 10)


async def _at_home(user: TelegramUser) -> ShownMessage:
    await asyncio.to_thread(user.start)
    return await user.wait_for_async(HOME, 10)


async def _at_the_bill(user: TelegramUser) -> ShownMessage:
    home = await _at_home(user)
    product = await _press(user, home, "月卡", PRICE)
    return await _press(user, product, "买 1 张", BILL)


async def _delivered(stage: Stage, user: TelegramUser) -> ShownMessage:
    bill = await _at_the_bill(user)
    await stage.pay(bill)
    return await user.wait_for_async(DELIVERED, 10)


async def _forge(user: TelegramUser, link: str, then: str) -> ShownMessage:
    """Press what no button says, as a modified client can."""
    await asyncio.to_thread(user.press, link, forge=True)
    return await user.wait_for_async(then, 10)


# -------------------------------------------------------------------------------------------------------- one sale


async def test_from_start_to_the_code(stage: Stage, user: TelegramUser) -> None:
    delivered = await _delivered(stage, user)
    assert CODE not in delivered.text
    assert "AB-12" not in str(delivered.raw)
    opened = await _press(user, delivered, "查看卡密", "请妥善保存")
    assert opened.spoilers == (CODE,)
    assert next(button.value for button in opened.buttons if button.kind == "copy") == CODE
    assert opened.is_protected
    await stage.until("SELECT count(*) FROM messages WHERE state = 'sent'", 1)
    assert await stage.count(SOLD) == 1
    # A picture is a part of the request under a name that the client makes up.
    strange = [name for call in stage.tg.calls for name in call.unknown if not name.startswith("attached")]
    assert strange == []


async def test_three_taps_lead_from_start_to_the_payment(stage: Stage, user: TelegramUser) -> None:
    await _at_the_bill(user)
    taps = [update for update in stage.tg.updates() if "message" in update or "callback_query" in update]
    assert len(taps) == 3, "start, the product, the quantity"
    bill = user.last
    assert bill.photo is not None
    assert pay_url(bill).startswith(stage.cashier.base_url)
    (order,) = await stage.rows("SELECT number FROM orders")
    assert display_number(str(order["number"])) in bill.text


async def test_what_was_bought_is_found_again_under_my_orders(stage: Stage, user: TelegramUser) -> None:
    await _delivered(stage, user)
    home = await _at_home(user)
    orders = await _press(user, home, "我的订单", "我的订单")
    again = await _press(user, orders, "已发货", "付款成功")
    opened = await _press(user, again, "查看卡密", "请妥善保存")
    assert opened.spoilers == (CODE,)
    assert await stage.count(SOLD) == 1


async def test_i_have_paid_asks_the_gateway_and_believes_only_that(stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    await asyncio.to_thread(user.press, "我已付款", message=bill)
    (*_, answer) = await asyncio.to_thread(user.wait_until_answered, 10)
    assert "还没有查到" in answer.text
    assert await stage.count(SOLD) == 0
    await stage.pay(bill, notify=False)
    await user.wait_for_async(DELIVERED, 20)
    assert await stage.count(SOLD) == 1


async def test_the_wallet_pays_at_once(stage: Stage, user: TelegramUser) -> None:
    await stage.give(user, 1600)
    choosing = await _at_the_bill(user)
    assert "支付后余额 ¥1.00" in choosing.text
    await _press(user, choosing, "用余额支付", DELIVERED)
    assert await stage.count("SELECT amount_minor FROM ledger_balances WHERE account LIKE 'wallet:%'") == 100
    await stage.until("SELECT count(*) FROM messages WHERE state = 'sent'", 1)
    news = [message for message in user.messages() if DELIVERED in message.text]
    assert len(news) == 1, "the answer was the news"


async def test_a_short_balance_is_topped_up_by_exactly_the_difference(
    stage: Stage, user: TelegramUser
) -> None:
    await stage.give(user, 400)
    choosing = await _at_the_bill(user)
    bill = await _press(user, choosing, "再付 ¥11.00", "应付 ¥11.00")
    await stage.pay(bill)
    await user.wait_for_async(DELIVERED, 10)
    assert await stage.count("SELECT amount_minor FROM ledger_balances WHERE account LIKE 'wallet:%'") == 0


async def test_a_cancelled_order_gives_its_code_back(stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    assert await stage.count(FREE) == 1
    await _press(user, bill, "取消订单", "已取消")
    assert await stage.count(FREE) == 2


async def test_who_chooses_english_is_spoken_to_in_english(stage: Stage, user: TelegramUser) -> None:
    home = await _at_home(user)
    choice = await _press(user, home, "Language", "选择语言")
    english = await _press(user, choice, "English", "Delivered in seconds")
    product = await _press(user, english, "Month card", "¥15.00")
    bill = await _press(user, product, "Buy 1", "¥15.00 due")
    await stage.pay(bill)
    delivered = await user.wait_for_async("Delivered", 10)
    assert not any("卡密" in label for label in delivered.labels)


# -------------------------------------------------------------------------------------------------- said twice


async def test_the_same_update_twice_changes_nothing(stage: Stage, user: TelegramUser) -> None:
    delivered = await _delivered(stage, user)
    await _press(user, delivered, "查看卡密", "请妥善保存")
    for update in stage.tg.updates():
        await asyncio.to_thread(stage.tg.repeat_update, update["update_id"])
    async with asyncio.timeout(10):
        while stage.tg.pending_updates():  # noqa: ASYNC110 - the stand-in is in another thread
            await asyncio.sleep(0.02)
    await _at_home(user)
    assert await stage.count(ORDERS) == 1
    assert await stage.count(SOLD) == 1
    assert await stage.count("SELECT count(*) FROM receipts") == 1


async def test_the_same_press_twice_places_one_order(stage: Stage, user: TelegramUser) -> None:
    product = await _press(user, await _at_home(user), "月卡", PRICE)
    await asyncio.to_thread(user.press_twice, _button(product, "买 1 张"), message=product)
    await user.wait_for_async(BILL, 10)
    await asyncio.to_thread(user.wait_until_answered, 10)
    assert await stage.count(ORDERS) == 1
    assert len([message for message in user.messages() if BILL in message.text]) == 1


# ------------------------------------------------------------------------------------------------------ forged


@pytest.mark.parametrize(
    "what", ["", "/code", "/paid", "/cancel", "/wallet", "/pay/epay", "/rest/epay", "/ways"]
)
async def test_another_buyers_order_does_not_exist(stage: Stage, user: TelegramUser, what: str) -> None:
    await _at_the_bill(user)
    (order,) = await stage.rows("SELECT number, state FROM orders")
    thief = stage.tg.user(first_name="贼")
    await _at_home(thief)
    shown = await _forge(thief, f"o/{order['number']}{what}", "没有找到这个订单")
    assert display_number(str(order["number"])) not in shown.text
    assert await stage.rows("SELECT number, state FROM orders") == [order]
    assert await stage.count("SELECT count(*) FROM payments") == 1


async def test_a_hidden_product_is_not_for_sale(stage: Stage, user: TelegramUser) -> None:
    await _at_home(user)
    (hidden,) = await stage.rows(
        "SELECT p.id AS product, v.id AS variant FROM products p JOIN variants v ON v.product_id = p.id"
        " WHERE p.state = 'hidden'"
    )
    for link in (f"p/{hidden['product']}", f"v/{hidden['variant']}", f"buy/{hidden['variant']}/1/{KEY}"):
        await asyncio.to_thread(user.press, link, forge=True)
        await asyncio.to_thread(user.wait_until_answered, 10)
        await stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
        shown = user.last
        assert "没有" in shown.text or "下架" in shown.text
        assert "内部" not in shown.text
    assert await stage.count(ORDERS) == 0


@pytest.mark.parametrize("quantity", ["-1", "0", "1000000000000", "99999999999999999999", "ein", "1.5", "3"])
async def test_an_impossible_quantity_buys_nothing(stage: Stage, user: TelegramUser, quantity: str) -> None:
    await _at_home(user)
    (variant,) = await stage.rows(
        "SELECT v.id FROM variants v JOIN products p ON p.id = v.product_id WHERE p.state <> 'hidden'"
    )
    await asyncio.to_thread(user.press, f"buy/{variant['id']}/{quantity}/{KEY}", forge=True)
    await asyncio.to_thread(user.wait_until_answered, 10)
    assert await stage.count(ORDERS) == 0
    assert await stage.count(FREE) == 2


# ------------------------------------------------------------------------------------------------- not reached


async def test_who_has_blocked_the_bot_finds_his_code_when_he_comes_back(
    stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    await asyncio.to_thread(user.block)
    await stage.pay(bill)
    await stage.until(SOLD, 1)
    await stage.until("SELECT count(*) FROM messages WHERE channel = 'tg' AND state = 'failed'", 1)
    assert await stage.count("SELECT count(*) FROM cases WHERE kind = 'message' AND closed_at IS NULL") == 1
    with pytest.raises(ImpossibleError):
        user.say("?")
    await asyncio.to_thread(user.start)
    home = await user.wait_for_async(HOME, 10)
    orders = await _press(user, home, "我的订单", "我的订单")
    again = await _press(user, orders, "已发货", "付款成功")
    opened = await _press(user, again, "查看卡密", "请妥善保存")
    assert opened.spoilers == (CODE,)
