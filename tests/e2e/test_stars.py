"""Telegram Stars from end to end: the bill in the chat, the question before the money, the money, and its way back."""

from __future__ import annotations

import asyncio

import pytest

from shop_core.orders.errors import NotRefundable
from shop_core.orders.refund import return_order
from tests.e2e.conftest import CODE
from tests.e2e.stage import BOT, Stage
from tests.standins.telegram import ImpossibleError, ShownMessage, TelegramStandIn, TelegramUser

DELIVERED = "已发货"
SOLD = "SELECT count(*) FROM cards WHERE state = 'delivered'"
RECEIPTS = "SELECT count(*) FROM receipts"
ENDED = "SELECT count(*) FROM refunds WHERE state <> 'intended'"
PAID_LETTERS = "SELECT count(*) FROM inbox WHERE source = 'gateway:stars'"


async def _at_the_bill(user: TelegramUser) -> ShownMessage:
    await asyncio.to_thread(user.start)
    home = await user.wait_for_async("自动发货", 10)
    product = await _press(user, home, "月卡", "¥15.00")
    return await _press(user, product, "买 1 张", "应付 150 ⭐")


async def _press(user: TelegramUser, message: ShownMessage, words: str, then: str) -> ShownMessage:
    button = next(button.value for button in message.buttons if words in button.text)
    await asyncio.to_thread(user.press, button, message=message)
    return await user.wait_for_async(then, 10)


async def _pay(user: TelegramUser, **how: object) -> str:
    return await asyncio.to_thread(lambda: user.pay(**how))  # type: ignore[arg-type]  # passed on as they are


async def _answer(user: TelegramUser, checkout_id: str) -> str:
    """What became of a checkout: ``paid``, or the reason against it."""
    return await asyncio.to_thread(_wait_for_answer, user, checkout_id)


def _wait_for_answer(user: TelegramUser, checkout_id: str) -> str:
    state = user.wait_for_checkout(checkout_id, 10)
    return state.error or state.state


async def _bought(user: TelegramUser) -> ShownMessage:
    await _at_the_bill(user)
    await _pay(user)
    return await user.wait_for_async(DELIVERED, 10)


async def _number(stage: Stage) -> str:
    (order,) = await stage.rows("SELECT number FROM orders")
    return str(order["number"])


# -------------------------------------------------------------------------------------------------------- one sale


async def test_from_start_to_the_code_by_stars(stars_stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    number = await _number(stars_stage)
    assert bill.raw["invoice"]["currency"] == "XTR"
    assert bill.raw["invoice"]["total_amount"] == 150
    assert bill.raw["invoice"]["start_parameter"] == f"o_{number}"
    assert bill.rows[0][0].kind == "pay"
    assert "（合 ¥15.00）" in bill.text
    (asked,) = await stars_stage.rows("SELECT * FROM payments")
    assert (asked["tender_minor"], asked["tender_rate"], asked["tender_source"]) == (150, "0.10", "the proof")
    await _pay(user)
    delivered = await user.wait_for_async(DELIVERED, 10)
    opened = await _press(user, delivered, "查看卡密", "请妥善保存")
    assert opened.spoilers == (CODE,)
    (receipt,) = await stars_stage.rows("SELECT * FROM receipts")
    assert (receipt["amount_minor"], receipt["currency"]) == (1500, "CNY")
    assert (receipt["tender_minor"], receipt["tender_currency"]) == (150, "XTR")
    assert receipt["payer"] == str(user.id)
    assert [name for call in stars_stage.tg.calls for name in call.unknown] == []


async def test_pressing_i_have_paid_leaves_the_bill_where_it_is(
    sqlite_stars_stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    await asyncio.to_thread(user.press, "我已付款", message=bill)
    (*_, answer) = await asyncio.to_thread(user.wait_until_answered, 10)
    assert "还没有查到" in answer.text
    assert len(sqlite_stars_stage.tg.calls_to("sendInvoice")) == 1
    assert bill.id in {message.id for message in user.messages()}


@pytest.mark.usefixtures("sqlite_stars_stage")
async def test_cancelling_takes_the_bill_away(user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    await _press(user, bill, "取消订单", "已取消")
    async with asyncio.timeout(10):
        while bill.id in {message.id for message in user.messages()}:  # noqa: ASYNC110 - in another thread
            await asyncio.sleep(0.02)


async def test_money_whose_news_was_lost_is_found_in_the_statement(
    stars_stage: Stage, user: TelegramUser, tg: TelegramStandIn
) -> None:
    await _at_the_bill(user)
    tg.ask("lose_payments", token=tg.token)
    await _pay(user)
    await user.wait_for_async(DELIVERED, 20)
    assert await stars_stage.count(PAID_LETTERS) == 0
    assert await stars_stage.count(SOLD) == 1


async def test_the_same_update_twice_is_one_payment(
    stars_stage: Stage, user: TelegramUser, tg: TelegramStandIn
) -> None:
    await _bought(user)
    [paid] = [update for update in tg.updates() if "successful_payment" in update.get("message", {})]
    tg.repeat_update(paid["update_id"])
    tg.repeat_update(paid["update_id"])
    async with asyncio.timeout(10):
        while tg.pending_updates():  # noqa: ASYNC110 - the stand-in is in another thread
            await asyncio.sleep(0.02)
    await stars_stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
    assert await stars_stage.count(PAID_LETTERS) == 1
    assert await stars_stage.count(RECEIPTS) == 1
    assert await stars_stage.count(SOLD) == 1


async def test_a_bot_with_a_webhook_sells_for_stars_too(
    hooked_stars_stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    assert await _answer(user, await _pay(user)) == "paid"
    await user.wait_for_async(DELIVERED, 10)
    assert await _answer(user, await _pay(user, message=bill)) == "这个订单已经付过，没有再扣款。"
    assert await hooked_stars_stage.count(RECEIPTS) == 1
    assert hooked_stars_stage.tg.calls_to("getUpdates") == ()


# --------------------------------------------------------------------------------------- the question before the money


async def test_an_old_bill_is_not_paid_twice(stars_stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    await _pay(user)
    await user.wait_for_async(DELIVERED, 10)
    again = await _pay(user, message=bill)
    assert await _answer(user, again) == "这个订单已经付过，没有再扣款。"
    assert await stars_stage.count(RECEIPTS) == 1


async def test_a_bill_paid_twice_all_the_same_goes_back_whole(stars_stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    await _pay(user)
    await user.wait_for_async(DELIVERED, 10)
    await _pay(user, message=bill, forge=True)
    told = await user.wait_for_async("多付的 150 ⭐ 已退回给你", 10)
    assert told.rows
    [refund] = stars_stage.tg.calls_to("refundStarPayment")
    assert int(refund.params["user_id"]) == user.id
    assert await stars_stage.count(RECEIPTS) == 2
    assert await stars_stage.count("SELECT count(*) FROM receipts WHERE state = 'returned'") == 1
    assert await stars_stage.count(SOLD) == 1


async def test_a_bill_that_was_passed_on_is_nobody_elses(stars_stage: Stage, user: TelegramUser) -> None:
    bill = await _at_the_bill(user)
    other = stars_stage.tg.user(first_name="别人", language_code="en")
    await asyncio.to_thread(other.start)
    await other.wait_for_async(lambda message: message.rows, 10)
    with pytest.raises(ImpossibleError, match="no Pay button"):
        await _pay(other, message=bill, passed_on_by=user)
    await _pay(other, message=bill, passed_on_by=user, forge=True)
    await other.wait_for_async("The 150 ⭐ you paid went back to you", 10)
    assert await stars_stage.count(SOLD) == 0
    assert await stars_stage.count("SELECT count(*) FROM orders WHERE state = 'awaiting'") == 1
    # What it is for is still to be had by its owner.
    await _pay(user, message=bill)
    await user.wait_for_async(DELIVERED, 10)


async def test_somebody_elses_question_is_answered_with_no(
    sqlite_stars_stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    other = sqlite_stars_stage.tg.user(first_name="别人")
    await asyncio.to_thread(other.start)
    await other.wait_for_async("自动发货", 10)
    sqlite_stars_stage.tg.ask("forget_start_parameter", token=sqlite_stars_stage.tg.token)
    checkout = await _pay(other, message=bill, passed_on_by=user)
    assert await _answer(other, checkout) == "这张账单不是给你的，没有扣款。"
    assert await sqlite_stars_stage.count(RECEIPTS) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE orders SET expires_at = 0", "订单已过期或取消，没有扣款。请重新下单。"),
        ("UPDATE payments SET state = 'closed'", "账单已经变了，没有扣款。请打开订单看最新的。"),
        ("UPDATE payments SET tender_minor = 151", "账单已经变了，没有扣款。请打开订单看最新的。"),
    ],
    ids=["expired", "closed", "another_amount"],
)
async def test_a_bill_that_is_not_due_any_more_is_refused(
    sqlite_stars_stage: Stage, user: TelegramUser, change: str, said: str
) -> None:
    bill = await _at_the_bill(user)
    await sqlite_stars_stage.change(change)
    checkout = await _pay(user, message=bill)
    assert await _answer(user, checkout) == said
    assert await sqlite_stars_stage.count(RECEIPTS) == 0


async def test_the_question_is_answered_while_the_payers_lane_is_busy(
    stars_stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    await asyncio.to_thread(user.wait_until_answered, 10)
    await stars_stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
    lane = f"{BOT}:{user.id}"
    await stars_stage.change(f"UPDATE lanes SET leased_until = 9000000000000000 WHERE lane = '{lane}'")
    await asyncio.to_thread(user.say, "在吗")
    await stars_stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 1)
    assert await _answer(user, await _pay(user, message=bill)) == "paid"
    await user.wait_for_async(DELIVERED, 10)
    assert await stars_stage.count("SELECT count(*) FROM inbox WHERE done_at IS NULL") == 1
    await stars_stage.change(f"UPDATE lanes SET leased_until = 0 WHERE lane = '{lane}'")
    await stars_stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)


async def test_a_yes_near_the_deadline_keeps_the_goods_for_a_minute(
    sqlite_stars_stage: Stage, user: TelegramUser
) -> None:
    bill = await _at_the_bill(user)
    (order,) = await sqlite_stars_stage.rows("SELECT expires_at FROM orders")
    soon = int(sqlite_stars_stage.shop.clock.now().timestamp() + 8) * 1_000_000
    await sqlite_stars_stage.change(f"UPDATE orders SET expires_at = {soon}")
    sqlite_stars_stage.tg.ask("lose_payments", token=sqlite_stars_stage.tg.token)
    assert await _answer(user, await _pay(user, message=bill)) == "paid"
    (kept,) = await sqlite_stars_stage.rows("SELECT expires_at FROM orders")
    assert soon + 40_000_000 < kept["expires_at"] < order["expires_at"]
    await user.wait_for_async(DELIVERED, 20)


# --------------------------------------------------------------------------------------------------------- the way back


async def test_a_refund_asked_twice_is_one_refund(stars_stage: Stage, user: TelegramUser) -> None:
    await _bought(user)
    number = await _number(stars_stage)
    # Telegram gives the Stars back, and its answer is lost: the shop has to ask again.
    stars_stage.tg.fail("refundStarPayment", "drop_after")
    came = await return_order(stars_stage.shop, number, by="shell:e2e")
    assert (came.minor, came.currency) == (150, "XTR")
    with pytest.raises(NotRefundable):
        await return_order(stars_stage.shop, number, by="shell:e2e")
    await user.wait_for_async("150 ⭐ 已整单原路退回（Telegram Stars）", 10)
    first, second = stars_stage.tg.calls_to("refundStarPayment")
    assert first.result is True
    assert second.description is not None
    assert "CHARGE_ALREADY_REFUNDED" in second.description
    assert await stars_stage.count("SELECT count(*) FROM refunds WHERE state = 'done'") == 1
    assert await stars_stage.count("SELECT count(*) FROM cards WHERE state = 'available'") == 2


@pytest.mark.parametrize("kind", ["429", "500", "drop_before", "502_after"])
async def test_a_refund_goes_on_until_telegram_has_answered(
    sqlite_stars_stage: Stage, user: TelegramUser, kind: str
) -> None:
    await _bought(user)
    sqlite_stars_stage.tg.fail("refundStarPayment", kind, times=2)
    await return_order(sqlite_stars_stage.shop, await _number(sqlite_stars_stage), by="shell:e2e")
    await user.wait_for_async("已整单原路退回", 15)
    given_back = [call for call in sqlite_stars_stage.tg.calls_to("refundStarPayment") if call.result is True]
    assert len(given_back) == 1


@pytest.mark.parametrize("kind", ["400", "403"])
async def test_a_refund_that_telegram_will_not_make_goes_to_the_balance(
    sqlite_stars_stage: Stage, user: TelegramUser, kind: str
) -> None:
    await _bought(user)
    sqlite_stars_stage.tg.fail("refundStarPayment", kind, description="BALANCE_TOO_LOW")
    await return_order(sqlite_stars_stage.shop, await _number(sqlite_stars_stage), by="shell:e2e")
    await user.wait_for_async("¥15.00 已退到你的余额", 10)
    assert (
        await sqlite_stars_stage.count(
            "SELECT amount_minor FROM ledger_balances WHERE account LIKE 'wallet:%'"
        )
        == 1500
    )
    assert (
        await sqlite_stars_stage.count(
            "SELECT count(*) FROM cases WHERE kind = 'gateway' AND closed_at IS NULL"
        )
        == 1
    )
    # It came in by Stars, so it pays here.
    product = await _press(user, user.last, "再来一单", "¥15.00")
    choosing = await _press(user, product, "买 1 张", "支付后余额")
    await _press(user, choosing, "用余额支付", DELIVERED)


# ------------------------------------------------------------------------------------------------------ trouble outside


@pytest.mark.parametrize("kind", ["429", "500", "drop_before", "drop_after"])
async def test_a_bill_comes_whatever_the_line_does(
    sqlite_stars_stage: Stage, user: TelegramUser, kind: str
) -> None:
    sqlite_stars_stage.tg.fail("sendInvoice", kind)
    await _at_the_bill(user)
    await _pay(user)
    await user.wait_for_async(DELIVERED, 10)
    assert await sqlite_stars_stage.count(RECEIPTS) == 1


@pytest.mark.parametrize(("kind", "reachable"), [("403", 0), ("400", 1)])
async def test_a_bill_that_telegram_does_not_take_charges_nobody(
    sqlite_stars_stage: Stage, user: TelegramUser, kind: str, reachable: int
) -> None:
    sqlite_stars_stage.tg.fail("sendInvoice", kind, times=9)
    await asyncio.to_thread(user.start)
    home = await user.wait_for_async("自动发货", 10)
    product = await _press(user, home, "月卡", "¥15.00")
    button = next(button.value for button in product.buttons if "买 1 张" in button.text)
    await asyncio.to_thread(user.press, button, message=product)
    await sqlite_stars_stage.until("SELECT count(*) FROM orders", 1)
    if kind == "403":
        await sqlite_stars_stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
    await sqlite_stars_stage.until(
        "SELECT count(*) FROM identities WHERE unreachable_since IS NULL", reachable
    )
    assert await sqlite_stars_stage.count(RECEIPTS) == 0
    assert await sqlite_stars_stage.count("SELECT count(*) FROM orders WHERE state = 'awaiting'") == 1


@pytest.mark.parametrize("kind", ["429", "500", "drop_before", "drop_after", "502_after"])
async def test_the_answer_to_the_question_is_insisted_on(
    sqlite_stars_stage: Stage, user: TelegramUser, kind: str
) -> None:
    bill = await _at_the_bill(user)
    sqlite_stars_stage.tg.fail("answerPreCheckoutQuery", kind)
    assert await _answer(user, await _pay(user, message=bill)) == "paid"
    await user.wait_for_async(DELIVERED, 10)
    assert await sqlite_stars_stage.count(RECEIPTS) == 1


@pytest.mark.parametrize("kind", ["400", "403"])
async def test_a_question_that_cannot_be_answered_is_money_not_taken(
    sqlite_stars_stage: Stage, user: TelegramUser, tg: TelegramStandIn, kind: str
) -> None:
    bill = await _at_the_bill(user)
    tg.fail("answerPreCheckoutQuery", kind)
    checkout = await _pay(user, message=bill)
    async with asyncio.timeout(10):
        while not tg.calls_to("answerPreCheckoutQuery"):  # noqa: ASYNC110 - the stand-in is in another thread
            await asyncio.sleep(0.02)
    tg.advance(11)
    assert await _answer(user, checkout) == "expired"
    assert await sqlite_stars_stage.count(RECEIPTS) == 0
    # And he may try again.
    assert await _answer(user, await _pay(user, message=bill)) == "paid"
    await user.wait_for_async(DELIVERED, 10)
