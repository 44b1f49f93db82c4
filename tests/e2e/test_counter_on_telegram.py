"""The counter in Telegram: a colleague is invited, and does a day's work without typing a command or an id."""

from __future__ import annotations

import asyncio
from typing import Final

from shop_core.kernel.money import Money
from shop_core.kernel.numbers import display_number
from shop_core.orders.take_payment import take_payment
from shop_core.payments.gateway import Notice
from shop_core.staff.invitations import invite
from shop_core.staff.roles import Role, Roster
from tests.e2e.conftest import CODE
from tests.e2e.stage import Stage
from tests.standins.telegram import ShownMessage, TelegramStandIn, TelegramUser

PATIENCE_S: Final = 20


class Hand:
    """Presses and types for one person, and waits for what comes of it."""

    seen: ShownMessage

    def __init__(self, user: TelegramUser) -> None:
        self.user = user

    async def press(self, words: str, then: str) -> ShownMessage:
        """Press the button with these words on the message that was looked for last."""
        value = next(button.value for button in self.seen.buttons if button.text.startswith(words))
        await asyncio.to_thread(self.user.press, value, message=self.seen)
        return await self.sees(then)

    async def say(self, text: str, then: str) -> ShownMessage:
        await asyncio.to_thread(self.user.say, text)
        return await self.sees(then)

    async def sees(self, words: str) -> ShownMessage:
        self.seen = await self.user.wait_for_async(words, PATIENCE_S)
        return self.seen


async def joined(stage: Stage, tg: TelegramStandIn, role: Role) -> Hand:
    """Somebody who followed the link of an invitation."""
    code = await stage.shop.write(invite, stage.shop.get(Roster), role, by="shell:e2e")
    colleague = tg.user(first_name="小王", language_code="zh-hans")
    hand = Hand(colleague)
    await asyncio.to_thread(colleague.start, f"join_{code.reveal()}")
    await hand.sees("请你来当")
    await hand.press("接受邀请", then="欢迎！你现在是")
    return hand


async def test_a_day_at_the_counter_without_a_command_or_an_id(
    stage: Stage, tg: TelegramStandIn, user: TelegramUser
) -> None:
    hand = await joined(stage, tg, Role.ADMIN)
    await hand.press("去柜台", then="没有待处理的事")

    # A product with two variants.
    await hand.press("商品", then="全部商品")
    await hand.press("新建商品", then="新建商品 (1/4)")
    await hand.say("网易云音乐", then="新建商品 (2/4)")
    await hand.press("先不分类", then="新建商品 (3/4)")
    await hand.say("8 6.5", then="新建商品 (4/4)")
    await hand.say("月卡", then="看看对不对")
    await hand.press("再加一个规格", then="新建商品 (3/4)")
    await hand.say("88", then="新建商品 (4/4)")
    await hand.say("年卡", then="年卡   ¥88.00")
    await hand.press("上架", then="在售")
    assert (
        await stage.count(
            "SELECT count(*) FROM variants v JOIN products p ON p.id = v.product_id"
            " WHERE p.state = 'published' AND v.price_minor IN (800, 8800)"
        )
        == 2
    )

    # Codes for it, from a file that does not stay in the chat.
    await hand.press("入库 月卡", then="卡密文件")
    await asyncio.to_thread(hand.user.send_document, "codes.txt", b"NEW-1\nNEW-2\n")
    await hand.sees("入库 2")
    await stage.until("SELECT count(*) FROM cards WHERE state = 'available'", 4)

    # Another price.
    await hand.press("看商品", then="在售")
    await hand.press("改价 月卡", then="现在 ¥8.00")
    await hand.say("9", then="¥8.00 → ¥9.00")
    await hand.press("改成 ¥9.00", then="月卡 · ¥9.00")
    await hand.press("撤销，改回 ¥8.00", then="月卡 · ¥8.00")

    # An order that somebody asks about, found by its last characters, and its money given back.
    number = await a_paid_order(stage, user)
    await hand.press("管理首页", then="按按钮")
    await hand.press("查订单", then="发来单号")
    await hand.say(number[-4:], then=display_number(number))
    await hand.press("退款 ¥15.00", then="退款")
    await hand.press("退款 ¥15.00", then="已退款")
    await stage.until("SELECT amount_minor FROM ledger_balances WHERE account LIKE 'wallet:%'", 1500)
    assert CODE not in hand.user.transcript()
    assert "NEW-1" not in hand.user.transcript().replace("codes.txt", "")


async def test_odd_money_is_told_to_finance_who_presses_where_it_belongs(
    stage: Stage, tg: TelegramStandIn, user: TelegramUser
) -> None:
    finance, support = await joined(stage, tg, Role.FINANCE), await joined(stage, tg, Role.SUPPORT)
    await at_the_bill(Hand(user))
    (order,) = await stage.rows("SELECT number FROM orders")
    number = display_number(str(order["number"]))
    await take_payment(stage.shop, "epay", Notice("NOPE", "T-ODD-1", Money(1500, "CNY"), paid=True))
    told = await finance.sees("来路不明的付款")
    assert f"金额正好的近期订单：{number}" in told.text
    await finance.press(f"记到 {number}，发货", then="这笔钱已对上订单")
    await Hand(user).sees("已发货")
    await stage.until("SELECT count(*) FROM messages WHERE channel = 'tg' AND due_at IS NOT NULL", 0)
    assert "来路不明" not in support.user.transcript()


async def at_the_bill(hand: Hand) -> ShownMessage:
    await asyncio.to_thread(hand.user.start)
    await hand.sees("自动发货")
    await hand.press("月卡", then="¥15.00")
    return await hand.press("买 1 张", then="待付款")


async def a_paid_order(stage: Stage, user: TelegramUser) -> str:
    """What a customer bought and was handed, by its number."""
    hand = Hand(user)
    await stage.pay(await at_the_bill(hand))
    await hand.sees("已发货")
    (order,) = await stage.rows("SELECT number FROM orders")
    return str(order["number"])
