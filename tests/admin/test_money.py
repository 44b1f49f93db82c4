"""Balances adjusted once, odd money given one place, cases told and closed."""

from __future__ import annotations

import asyncio

import pytest

from handlers.screen import Code, Screen
from shop_core.customers.people import Customer
from shop_core.kernel.money import Money
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.sending import claim_messages, mark_failed
from shop_core.orders.end import expire_orders
from shop_core.payments.gateway import GatewayRefused, Notice
from tests.admin.office import OWNER_CHANNEL, Office, button, links_of, text_of
from tests.core.builders import CLOSED, STARS

# ------------------------------------------------------------------------------------------------ wallet


@pytest.mark.parametrize("who", ["#{person}", "{number}"])
async def test_an_adjustment_pressed_twice_is_booked_once(office: Office, who: str) -> None:
    market = office.market
    customer = await market.a_customer(balance=300)
    order = await market.an_order(customer)
    typed = who.format(person=customer.person_id, number=order.number)
    asked = await office.type(f"/wallet {typed} 5 晚到 补偿")
    assert "现在 ¥3.00，之后 ¥8.00" in text_of(asked)
    assert await market.balance(customer) == 300
    yes = button(asked, "确认 +¥5.00")
    for _ in range(2):
        assert "现在 ¥8.00" in text_of(await office.press(yes))
    assert await market.balance(customer) == 800
    [entry] = await office.audit_of("wallet")
    assert entry.details == {"person": customer.person_id, "amount": "5.00", "reason": "晚到 补偿"}
    [(_, told)] = [pair for pair in await office.news("web") if pair[0].news is NewsKind.TOPPED_UP]
    assert told is not None
    assert "¥5.00 已存入你的余额" in text_of(told)


async def test_two_questions_about_the_same_amount_are_two_adjustments(office: Office) -> None:
    customer = await office.market.a_customer()
    for _ in range(2):
        asked = await office.type(f"/wallet {customer.person_id} 5 补偿")
        await office.press(button(asked, "确认"))
    assert await office.market.balance(customer) == 1000


async def test_more_than_there_is_cannot_be_taken(office: Office) -> None:
    customer = await office.market.a_customer(balance=300)
    asked = await office.type(f"/wallet {customer.person_id} -5 记错了")
    refused = await office.press(button(asked, "确认 −¥5.00"))
    assert "余额不够减" in text_of(refused)
    assert await office.market.balance(customer) == 300
    assert await office.audit_of("wallet") == []


async def test_saying_yes_in_the_chat_does_not_skip_the_question(office: Office) -> None:
    customer = await office.market.a_customer()
    await office.type(f"/wallet {customer.person_id} 5 补偿 --yes")
    assert await office.market.balance(customer) == 0
    for key in ("short", "with spaces", "!!!!!!!!!!"):
        refused = await office.press(f"admin/wallet/{customer.person_id}/5/x/--key={key}")
        assert "已经失效" in text_of(refused)
    assert await office.market.balance(customer) == 0


async def test_amount_and_reason_are_asked_for(office: Office) -> None:
    customer = await office.market.a_customer()
    order = await office.market.an_order(customer)
    shown = await office.type(f"/order {order.number}")
    asked = await office.press(button(shown, "调整余额"))
    assert asked.prompt is not None
    question = await office.type("-0.50 多给了")
    assert "余额 −¥0.50" in text_of(question)
    assert "写得太长" in text_of(await office.type(f"/wallet {customer.person_id} 5 {'长' * 51}"))


# ------------------------------------------------------------------------------------------------ suspense


async def odd_money(office: Office, order: str, minor: int = 3000) -> Screen:
    """Money that names an order's payment and comes by another gateway; the screen that its case is."""
    market = office.market
    payment = await market.one("SELECT number FROM payments WHERE number LIKE :its", its=f"{order}%")
    await market.tell(await market.notice(payment, ref=f"T-{minor}", minor=minor), gateway="bank")
    receipt = await market.one("SELECT max(id) FROM receipts")
    return await office.press(f"admin/suspense/show/{receipt}")


async def an_unpaid_order(office: Office) -> tuple[Customer, str]:
    customer = await office.market.a_customer()
    order = await office.market.an_order(customer)
    await office.market.ask_money(customer, order.number)
    return customer, order.number


async def test_odd_money_pays_the_order_it_names_once_and_the_rest_is_the_buyers(office: Office) -> None:
    market = office.market
    customer, number = await an_unpaid_order(office)
    await odd_money(office, number)
    [(message, told)] = await office.news(OWNER_CHANNEL)
    assert message.news is NewsKind.CASE_OPENED
    assert told is not None
    assert told.news
    assert "¥30.00" in text_of(told).splitlines()[0]
    assert "向另一个网关申请" in text_of(told)
    shown = f"{number[:4]}-{number[4:]}"
    assert f"付款人附的单号：{shown}" in text_of(told)
    yes = button(told, f"记到 {shown}，多出 ¥20.10 入余额")
    assert "多出的 ¥20.10 已入买家余额" in text_of(await office.press(yes))
    for late in (yes, yes.replace("/pay/", "/credit/"), button(told, "已在网关退回")):
        assert "没有重复记账" in text_of(await office.press(late))
    assert await market.balance(customer) == 2010
    assert await market.one("SELECT state FROM orders") == "delivered"
    assert await market.one("SELECT state FROM receipts") == "matched"
    assert "没有来路不明的付款" in text_of(await office.type("/suspense"))
    assert "没有待处理的事" in text_of(await office.type("/cases"))
    assert [entry.command for entry in await office.audit()] == ["import", "suspense.pay"]
    heard = [message.news for message, _ in await office.news("web")]
    assert heard.count(NewsKind.MONEY_HELD) == 1
    assert heard.count(NewsKind.ORDER_DELIVERED) == 1


async def test_two_who_decide_at_once_decide_once(office: Office) -> None:
    customer, number = await an_unpaid_order(office)
    shown = await odd_money(office, number)
    yes = button(shown, "记到 ")
    await asyncio.gather(
        *(
            office.press(link)
            for link in (yes, yes.replace("/pay/", "/credit/"), button(shown, "已在网关"), yes)
        )
    )
    state = await office.market.one("SELECT state FROM receipts")
    expected = {"matched": 2010, "credited": 3000, "returned": 0}
    assert await office.market.balance(customer) == expected[state]
    assert await office.market.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 0


async def test_too_little_money_can_only_be_the_buyers(office: Office) -> None:
    customer, number = await an_unpaid_order(office)
    shown = await odd_money(office, number, minor=500)
    yes = button(shown, "¥5.00 记到")
    refused = await office.press(yes.replace("/credit/", "/pay/"))
    assert "不收款了，或者这笔钱不够" in text_of(refused)
    assert await office.market.one("SELECT state FROM orders") == "awaiting"
    assert await office.market.one("SELECT state FROM receipts") == "suspense"
    assert "已记到" in text_of(await office.press(yes))
    assert await office.market.balance(customer) == 500


@pytest.mark.parametrize("codes", [5, 1])
async def test_an_order_whose_time_was_up_is_paid_if_there_still_is_a_code(
    office: Office, codes: int
) -> None:
    market = office.market
    customer, other = await market.a_customer(), await market.a_customer(balance=5000)
    variant = await market.a_variant(price=990, codes=codes)
    order = await market.an_order(customer, variant)
    await market.ask_money(customer, order.number)
    market.clock.advance(hours=1)
    await expire_orders(market.shop)
    if codes == 1:
        await market.an_order(other, variant, paid=True)
    shown = await odd_money(office, order.number, minor=990)
    before = await market.everything()
    said = text_of(await office.press(button(shown, "记到 ")))
    if codes == 1:
        assert await market.everything() == before
        assert "卖完" in said or "没有" in said
        return
    assert "已付清" in said
    assert await market.one("SELECT state FROM orders WHERE number = :its", its=order.number) == "delivered"
    assert await market.balance(customer) == 0


async def test_money_without_a_number_is_offered_for_the_recent_order_of_that_amount(office: Office) -> None:
    _, number = await an_unpaid_order(office)
    await office.market.tell(Notice("NOPE", "T-1", Money(990, "CNY"), paid=True))
    shown = await office.press(links_of(await office.type("/cases")).popitem()[1])
    listed = await office.press(next(iter(links_of(await office.type("/suspense")).values())))
    assert listed.lines != shown.lines
    assert f"金额正好的近期订单：{number[:4]}" in text_of(listed)
    await office.press(button(listed, f"记到 {number[:4]}-{number[4:]}，发货"))
    assert await office.market.one("SELECT state FROM orders") == "delivered"


async def test_odd_money_finds_an_order_by_the_last_digits_that_somebody_types(office: Office) -> None:
    market = office.market
    customer, number = await an_unpaid_order(office)
    await market.tell(Notice("NOPE", "T-1", Money(3100, "CNY"), paid=True))
    listed = await office.type("/suspense")
    shown = await office.press(next(iter(links_of(listed).values())))
    assert "都没有" in text_of(shown)
    assert links_of(shown)["先放着"] == "admin/cases"
    await office.press(button(shown, "记到别的订单"))
    assert "没有找到这个订单" in text_of(await office.type("K7M2-9QX9"))
    look = await office.type(number[-4:].lower())
    assert await market.one("SELECT state FROM receipts") == "suspense", "looked at, not done"
    await office.press(button(look, "记到 "))
    assert await market.balance(customer) == 3100 - 990


async def test_money_in_another_currency_can_only_go_back(office: Office) -> None:
    market = office.market
    customer = await market.a_customer()
    order = await market.an_order(customer)
    payment = await market.ask_money(customer, order.number)
    await market.tell(await market.notice(payment, currency="USD"))
    receipt = await market.one("SELECT id FROM receipts")
    shown = await office.press(f"admin/suspense/show/{receipt}")
    assert [text for text in links_of(shown) if text.startswith("记到") or "余额" in text] == []
    assert "币种不一致" in text_of(await office.press(f"admin/suspense/credit/{receipt}/{order.number}"))
    assert await market.balance(customer) == 0
    assert "由你在网关退回" in text_of(await office.press(button(shown, "已在网关退回")))


# ------------------------------------------------------------------------------------------------ cases


async def test_a_refusing_gateway_is_told_and_the_case_is_closed_once(office: Office) -> None:
    market = office.market
    customer = await market.a_customer()
    order = await market.an_order(customer)
    market.gateway.trouble = GatewayRefused(said="签名错误")
    with pytest.raises(GatewayRefused):
        await market.ask_money(customer, order.number)
    [(_, told)] = await office.news(OWNER_CHANNEL)
    assert told is not None
    assert "网关拒绝收款   epay" in text_of(told)
    assert "签名错误" in text_of(told)
    assert button(told, "看订单") == f"admin/order/{order.number}"
    close = button(told, "知道了")
    assert "不再提醒" in text_of(await office.press(close))
    assert "已经处理过" in text_of(await office.press(close))
    assert len(await office.audit_of("case close")) == 1


async def test_news_of_a_case_that_was_settled_meanwhile_is_not_sent(office: Office) -> None:
    await office.market.tell(Notice("NOPE", "T-1", Money(3000, "CNY"), paid=True))
    await office.market.run_news()
    receipt = await office.market.one("SELECT id FROM receipts")
    await office.press(f"admin/suspense/return/{receipt}")
    [(_, told)] = await office.news(OWNER_CHANNEL)
    assert told is None


async def test_a_case_about_money_is_not_closed_by_knowing_of_it(office: Office) -> None:
    await office.market.tell(Notice("NOPE", "T-1", Money(3000, "CNY"), paid=True))
    case = await office.market.one("SELECT id FROM cases")
    assert "牵涉钱或货" in text_of(await office.press(f"admin/case/close/{case}"))
    assert await office.market.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1


async def test_a_message_that_failed_leads_to_its_order(office: Office) -> None:
    market = office.market
    customer = await market.a_customer()
    order = await market.an_order(customer, paid=True)
    [message] = await office.shop.write(claim_messages, ["web"], 5)
    await office.shop.write(mark_failed, message, "blocked")
    [(_, told)] = await office.news(OWNER_CHANNEL)
    assert told is not None
    assert "通知发不出去   web" in text_of(told)
    assert "blocked" in text_of(told)
    assert button(told, "为什么没发货") == f"admin/why/{order.number}"
    assert not [line for line in told.lines if isinstance(line, Code)]


async def test_goods_that_are_missing_lead_to_a_refund(office: Office) -> None:
    market = office.market
    customer = await market.a_customer()
    order = await market.an_order(customer)
    payment = await market.ask_money(customer, order.number)
    await market.sql("UPDATE cards SET state = 'available', line_id = NULL")
    await market.tell(await market.notice(payment))
    listed = await office.type("/cases")
    shown = await office.press(button(listed, "已付款没发货"))
    assert "季卡 × 1   ¥9.90" in text_of(shown)
    assert "还剩 " in text_of(shown)
    assert list(links_of(shown))[:3] == ["现在补货", "为什么没发货", "退款到余额"]
    asked = await office.press(button(shown, "退款到余额"))
    await office.press(button(asked, "退款 ¥9.90"))
    assert await market.balance(customer) == 990
    assert "没有待处理的事" in text_of(await office.type("/cases"))
    await market.run_news()


async def test_a_refund_of_stars_goes_back_whole_or_to_the_balance(office: Office) -> None:
    market = office.market
    customer = await market.a_customer(channel=CLOSED)
    variant = await market.a_variant()
    orders = [await market.an_order(customer, variant) for _ in range(2)]
    for order in orders:
        await market.pay_stars(customer, order)
    where = await office.type(f"/refund {orders[0].number}")
    assert "Telegram Stars 只能整单退回付款人。只退一部分的话，退到买家余额。" in text_of(where)
    assert button(where, "只退一部分到余额")
    asked = await office.press(button(where, "整单退回 1980 ⭐"))
    assert "把 1980 ⭐ 整单退回付款人" in text_of(asked)
    done = await office.press(button(asked, "整单退回 1980 ⭐"))
    assert "1980 ⭐ 已送去整单退回" in text_of(done)
    assert [wanted.payer for wanted in market.stars.given_back] == [customer.external_id]
    again = await office.press(button(asked, "整单退回 1980 ⭐"))
    assert "已经退过了" in text_of(again)
    assert len(market.stars.given_back) == 1
    where = await office.type(f"/refund {orders[1].number}")
    asked = await office.press(button(where, "退到余额 ¥9.90"))
    await office.press(button(asked, "退款 ¥9.90"))
    assert await market.balance(customer) == 990
    assert "1980 ⭐（合 ¥9.90）" in text_of(await office.type(f"/why {orders[0].number}"))


async def test_odd_stars_are_given_back_by_the_shop_itself(office: Office) -> None:
    market = office.market
    await market.tell(Notice("ZZZZZZZZ", "S1", Money(50, "XTR"), paid=True, payer="77"), gateway=STARS)
    shown = await office.press(button(await office.type("/suspense"), "#"))
    done = await office.press(button(shown, "退回付款人 50 ⭐"))
    assert "50 ⭐ 已送去退回付款人" in text_of(done)
    assert [wanted.external_ref for wanted in market.stars.given_back] == ["S1"]
