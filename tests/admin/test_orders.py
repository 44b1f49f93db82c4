"""Orders for staff: found by any number, explained in every state, refunded once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shop_core.customers.people import Customer
from shop_core.kernel.errors import RetryLater
from shop_core.kernel.money import Money
from shop_core.messaging.sending import GIVE_UP_AFTER, claim_messages, mark_failed, mark_sent, postpone
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.refund import refund_order
from shop_core.payments.gateway import GatewayRefused, Notice
from tests.admin.office import Office, button, links_of, text_of


@dataclass
class Case:
    """An order on its way, for whoever asks why."""

    office: Office
    customer: Customer
    number: str

    async def why(self) -> str:
        return text_of(await self.office.type(f"/why {self.number}"))


@pytest.fixture
async def case(office: Office) -> Case:
    customer = await office.market.a_customer()
    order = await office.market.an_order(customer, await office.market.a_variant(price=1500, codes=2))
    return Case(office, customer, order.number)


# ------------------------------------------------------------------------------------------------ any number


async def test_an_order_is_found_by_any_of_its_numbers(case: Case) -> None:
    market, number = case.office.market, case.number
    await market.ask_money(case.customer, number, "bank")
    await market.ask_money(case.customer, number)
    await market.tell(await market.notice(f"{number}02", ref="2026112022001"))
    shown = f"{number[:4]}-{number[4:]}"
    for typed in (number, shown, f" {number.lower()} ", f"{number}02", "2026112022001"):
        for command in ("order", "why"):
            screen = await case.office.type(f"/{command} {typed}")
            assert f"已发货   订单 {shown}" in text_of(screen), typed


async def test_odd_money_is_found_by_the_gateways_number(case: Case) -> None:
    await case.office.market.tell(Notice("NOPE", "2026-ODD", Money(3000, "CNY"), paid=True))
    assert "来路不明的付款" in text_of(await case.office.type("/order 2026-ODD"))
    assert "没有找到这个订单" in text_of(await case.office.type("/why 2026-ODD"))


async def test_a_number_of_nothing_finds_nothing(case: Case) -> None:
    for typed in ("K7M2-9QX9", "2026112022009", "x" * 150, "%"):
        assert "没有找到这个订单" in text_of(await case.office.type(f"/order {typed}"))


async def test_an_order_is_found_by_a_part_of_any_of_its_numbers_without_typing_a_command(case: Case) -> None:
    office, number = case.office, case.number
    payment = await office.market.ask_money(case.customer, number)
    await office.market.tell(await office.market.notice(payment, ref="2026112822001412345"))
    home = await office.press("admin")
    for typed in (
        number[-4:],
        number[2:7].lower(),
        f"{number[3]}-{number[4:]}",
        "12345",
        "1412345",
        " 22001 ",
    ):
        await office.press(button(home, "查订单"))
        assert f"{number[:4]}-{number[4:]}" in text_of(await office.type(typed)), typed
    await office.press(button(home, "查订单"))
    for typed in ("%%%", "___", "99", "没有"):
        assert "没有找到这个订单" in text_of(await office.type(typed)), typed


async def test_several_that_a_number_may_mean_are_offered_as_buttons(case: Case) -> None:
    office, market = case.office, case.office.market
    for ref in ("TAIL-7781", "TAIL-7782"):
        order = await market.an_order(case.customer)
        await market.tell(await market.notice(await market.ask_money(case.customer, order.number), ref=ref))
    await market.tell(Notice("NOPE", "TAIL-7789", Money(3000, "CNY"), paid=True))
    listed = await office.type("/order tail-778")
    assert text_of(listed).startswith("找到 3 个")
    assert "来路不明的付款" in text_of(
        await office.press(button(listed, "没有归属的付款  TAIL-7789  ¥30.00"))
    )
    found = [link for link in links_of(listed).values() if link.startswith("admin/order/")]
    assert len(found) == 2
    assert "TAIL" not in text_of(await office.press(found[0]))


async def test_the_order_screen_has_facts_and_a_masked_buyer(case: Case) -> None:
    await case.office.market.sql("UPDATE orders SET external_id = '987654321'")
    said = text_of(await case.office.type(f"/order {case.number}"))
    assert "季卡 × 1   ¥15.00（成本 ¥0.00）" in said
    assert "web 98…21" in said
    assert "987654321" not in said


async def test_orders_are_listed_by_state(case: Case) -> None:
    assert len(links_of(await case.office.type("/orders"))) == 3
    assert "还没有订单" in text_of(await case.office.type("/orders --state refunded"))


# ------------------------------------------------------------------------------------------------ why


async def test_why_nobody_asked_for_money(case: Case) -> None:
    said = await case.why()
    assert "还没付款，12:15 前有效" in said
    assert "没有向任何网关申请过付款" in said
    assert "下一步：等买家选付款方式" in said


async def test_why_the_gateway_could_not_be_reached(case: Case) -> None:
    case.office.market.gateway.trouble = RetryLater("down")
    await case.office.market.ask_money(case.customer, case.number)
    said = await case.why()
    assert "还没拿到付款链接" in said
    assert "再问" in said


async def test_why_the_gateway_knows_of_no_money_and_asking_it_now(case: Case) -> None:
    market = case.office.market
    payment = await market.ask_money(case.customer, case.number)
    screen = await case.office.type(f"/why {case.number}")
    assert "链接已给买家，网关还没说收到钱" in text_of(screen)
    asked = await case.office.press(button(screen, "现在去问网关"))
    assert "还没收到钱" in text_of(asked)
    assert "有人点过“我已付款”" in await case.why()
    assert "刚刚查过" in text_of(await case.office.press(button(screen, "现在去问网关")))
    market.clock.advance(seconds=9)
    market.gateway.knows[payment] = await market.notice(payment)
    assert "已入账并发货" in text_of(await case.office.press(button(screen, "现在去问网关")))
    assert (await market.look(case.number)).state is OrderState.DELIVERED


async def test_why_the_gateway_refused(case: Case) -> None:
    case.office.market.gateway.trouble = GatewayRefused(said="商户已停用")
    with pytest.raises(GatewayRefused):
        await case.office.market.ask_money(case.customer, case.number)
    said = await case.why()
    assert "网关拒绝收款：商户已停用" in said
    assert "下一步：到网关后台查" in said


async def test_why_its_time_is_over_and_after_it_expired(case: Case) -> None:
    market = case.office.market
    payment = await market.ask_money(case.customer, case.number)
    market.clock.advance(minutes=16)
    assert "付款时间 12:15 已过" in await case.why()
    await expire_orders(case.office.shop)
    assert "没等到付款，11-20 12:16 过期" in await case.why()
    await market.sql("UPDATE cards SET state = 'held', line_id = 777777 WHERE state = 'available'")
    await market.tell(await market.notice(payment, ref="LATE-1"))
    said = await case.why()
    assert "到账 ¥15.00，网关流水号 LATE-1，已存入买家余额" in said
    assert "下一步：不用处理" in said
    await market.sql("UPDATE cards SET state = 'available', line_id = NULL WHERE line_id = 777777")


async def test_why_it_was_cancelled(case: Case) -> None:
    await cancel_order(case.office.shop, case.customer, case.number)
    said = await case.why()
    assert "买家 11-20 12:00 取消了" in said
    assert "下一步：不用处理" in said


async def test_why_money_came_that_does_not_fit(case: Case) -> None:
    market = case.office.market
    payment = await market.ask_money(case.customer, case.number)
    await market.tell(await market.notice(payment, ref="USD-1", currency="USD"))
    screen = await case.office.type(f"/why {case.number}")
    assert "对不上，等人处理" in text_of(screen)
    receipt = await case.office.press(button(screen, "看这笔"))
    assert "币种和订单不一致" in text_of(receipt)
    assert [text for text in links_of(receipt) if text.startswith("记到")] == []


async def test_why_it_is_paid_and_its_code_is_gone(case: Case) -> None:
    market = case.office.market
    payment = await market.ask_money(case.customer, case.number)
    await market.sql("UPDATE cards SET state = 'available', line_id = NULL")
    await market.tell(await market.notice(payment))
    screen = await case.office.type(f"/why {case.number}")
    said = text_of(screen)
    assert "收到 ¥15.00（epay），但货还没发" in said
    assert "下一步：系统正在重新配货" in said
    assert [text for text in links_of(screen) if text.startswith("退款")]
    await market.run_news()
    assert "已发货" in await case.why()


async def test_why_the_news_has_not_arrived(case: Case) -> None:
    market, shop = case.office.market, case.office.shop
    payment = await market.ask_money(case.customer, case.number)
    await market.tell(await market.notice(payment))
    assert "发货通知：排队中" in await case.why()
    [message] = await shop.write(claim_messages, ["web"], 5)
    await shop.write(postpone, message, "flood")
    assert "试了 1 次没发出（flood）" in await case.why()
    market.clock.moment += GIVE_UP_AFTER
    [message] = await shop.write(claim_messages, ["web"], 5)
    await shop.write(mark_failed, message, "bot was blocked")
    said = await case.why()
    assert "发货通知：发不出去（bot was blocked）" in said
    assert "请买家自己打开“我的订单”" in said


async def test_why_it_is_delivered_and_seen(case: Case) -> None:
    market, shop = case.office.market, case.office.shop
    await market.tell(await market.notice(await market.ask_money(case.customer, case.number)))
    [message] = await shop.write(claim_messages, ["web"], 5)
    await shop.write(mark_sent, message)
    said = await case.why()
    assert "发货通知：11-20 12:00 已发出" in said
    assert "买家还没点开看" in said
    await market.codes_of(case.customer, case.number)
    said = await case.why()
    assert "买家 11-20 12:00 看过卡密" in said
    assert "下一步：不用处理" in said
    assert "CODE-" not in said


async def test_why_it_was_refunded_and_paid_from_the_balance(case: Case) -> None:
    await case.office.market.give(case.customer, 1500)
    await pay_from_wallet(case.office.shop, case.customer, case.number)
    assert "收到 ¥15.00（余额）" in await case.why()
    await refund_order(case.office.shop, case.number, by="shell:test")
    said = await case.why()
    assert "已退款 ¥15.00 到买家余额" in said
    assert "卡密放回了库存" in said


# ------------------------------------------------------------------------------------------------ refund


async def _paid(case: Case) -> None:
    market = case.office.market
    await market.tell(await market.notice(await market.ask_money(case.customer, case.number)))


async def test_a_refund_is_asked_about_and_pressed_twice_refunds_once(case: Case) -> None:
    await _paid(case)
    market = case.office.market
    asked = await case.office.press(f"admin/refund/{case.number}")
    assert "卡密放回库存" in text_of(asked)
    assert await market.balance(case.customer) == 0
    yes = button(asked, "退款 ¥15.00")
    assert "已退到买家余额" in text_of(await case.office.press(yes))
    assert "没有重复退" in text_of(await case.office.press(yes))
    assert await market.balance(case.customer) == 1500
    assert await market.cards() == {"available": 2}
    assert [entry.command for entry in await case.office.audit()].count("refund") == 1


async def test_a_code_that_was_seen_is_refunded_only_knowingly(case: Case) -> None:
    await _paid(case)
    market = case.office.market
    asked = await case.office.type(f"/refund {case.number}")
    await market.codes_of(case.customer, case.number)
    refused = await case.office.press(button(asked, "退款 ¥15.00"))
    assert "买家已经看过卡密" in text_of(refused)
    assert await market.balance(case.customer) == 0
    asked = await case.office.type(f"/refund {case.number}")
    assert "看过卡密：退款后卡密不会再卖" in text_of(asked)
    await case.office.press(button(asked, "看过也退 ¥15.00"))
    assert await market.balance(case.customer) == 1500
    assert await market.cards() == {"available": 1, "delivered": 1}


async def test_an_order_without_money_has_nothing_to_refund(case: Case) -> None:
    assert "没有钱可退" in text_of(await case.office.type(f"/refund {case.number}"))
    await cancel_order(case.office.shop, case.customer, case.number)
    assert "不用退" in text_of(await case.office.type(f"/refund {case.number}"))


async def test_a_question_of_before_is_not_answered_by_a_later_one(case: Case) -> None:
    await _paid(case)
    market = case.office.market
    second = await market.an_order(case.customer, await market.a_variant(price=700), paid=True)
    old = button(await case.office.type(f"/refund {case.number}"), "退款")
    new = button(await case.office.type(f"/refund {second.number}"), "退款")
    assert "已经过期，什么也没做" in text_of(await case.office.press(old))
    assert "已经过期，什么也没做" in text_of(await case.office.press(new))
    assert await market.balance(case.customer) == 0


async def test_text_after_a_question_is_a_search_and_confirms_nothing(case: Case) -> None:
    await _paid(case)
    asked = await case.office.type(f"/refund {case.number}")
    assert "没有找到“退”" in text_of(await case.office.type("退"))
    assert "已经过期" in text_of(await case.office.press(button(asked, "退款")))
    assert await case.office.market.balance(case.customer) == 0
