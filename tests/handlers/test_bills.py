"""Screens of money that the channel itself takes, and of a channel that allows no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.checkout import find_objection
from handlers.screen import Bill
from shop_core.customers.people import Address
from shop_core.kernel.money import Money
from shop_core.orders.checkout import Checkout
from shop_core.orders.give_back import send_refunds
from shop_core.orders.refund import refund_order, return_order
from shop_core.payments.gateway import Notice
from tests.core.builders import CLOSED, EPAY, OWNER, STARS
from tests.handlers.street import ONE_WAY, Street, Visitor
from tests.handlers.test_buying import at_the_till


async def pay_bill(street: Street, visitor: Visitor, *, payer: str = "", ref: str = "") -> None:
    bill = visitor.screen.bill
    assert bill is not None
    ref = ref or f"S{next(street.numbers)}"
    notice = Notice(bill.number, ref, bill.amount, paid=True, payer=payer or visitor.external_id)
    await street.market.tell(notice, gateway=STARS)


async def test_one_press_leads_to_the_bill(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    assert visitor.screen.bill == Bill(
        visitor.number, "爱奇艺黄金会员 × 1", Money(1980, "XTR"), "支付 1980 ⭐", f"o/{visitor.number}"
    )
    assert "应付 1980 ⭐（合 ¥9.90）" in visitor.text
    assert visitor.screen.qr is None
    assert visitor.has("我已付款")
    assert visitor.taps == 2


async def test_the_ways_to_pay_name_their_own_price(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED, balance=400)
    assert visitor.has("在线支付 1980 ⭐")
    await visitor.press("再付 1180 ⭐")
    assert visitor.screen.bill is not None
    assert visitor.screen.bill.amount == Money(1180, "XTR")
    assert "应付 1180 ⭐（合 ¥5.90）" in visitor.text


async def test_a_balance_of_other_ways_is_told_of_and_not_offered(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    # As it is for somebody who came here from another channel.
    await street.market.sql("UPDATE orders SET channel = 'web'")
    customer = await street.the_customer(visitor)
    payment = await street.market.ask_money(replace(customer, channel="web"), visitor.number, EPAY)
    for _ in range(2):
        await street.pay(visitor.number, payment=payment)
    await visitor.follow("home")
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    assert visitor.screen.bill is not None
    await visitor.follow(f"o/{visitor.number}/ways")
    assert "余额 ¥9.90 里有其他付款方式存进来的钱" in visitor.text
    assert not visitor.has("用余额")
    await visitor.follow(f"o/{visitor.number}/wallet")
    assert "按平台规定不能在这里用。没有扣款。" in (visitor.screen.toast or "")
    assert await street.market.balance(customer) == 990


async def test_a_bill_is_not_drawn_where_its_gateway_is_not_shown(street: Street) -> None:
    visitor = await at_the_till(street, channel=ONE_WAY)
    await street.market.sql("UPDATE payments SET gateway = 'stars', link = NULL, qr = NULL")
    await visitor.follow(f"o/{visitor.number}")
    assert visitor.screen.bill is None
    assert visitor.has("在线支付 ¥9.90")


async def test_a_refund_says_where_the_money_is(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    number = visitor.number
    await pay_bill(street, visitor)
    await visitor.news()
    shop = street.market.shop
    street.market.stars.no = None
    await return_order(shop, number, by=OWNER)
    [told] = await visitor.news()
    assert any("1980 ⭐ 已整单原路退回（Telegram Stars）" in str(line) for line in told.lines)


async def test_a_refund_that_was_refused_says_that_it_is_in_the_balance(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    await pay_bill(street, visitor)
    street.market.stars.no = "BALANCE_TOO_LOW"
    await return_order(street.market.shop, visitor.number, by=OWNER)
    await visitor.follow(f"o/{visitor.number}")
    assert "¥9.90 已退到你的余额" in visitor.text


async def test_a_refund_to_the_balance_stays_one(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    await pay_bill(street, visitor)
    await refund_order(street.market.shop, visitor.number, by=OWNER)
    await visitor.follow(f"o/{visitor.number}")
    assert "¥9.90 已退到你的余额" in visitor.text
    assert street.market.stars.given_back == []


async def test_money_that_went_back_is_told_of(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    await pay_bill(street, visitor)
    bill = visitor.screen.bill
    assert bill is not None
    await pay_bill(street, visitor, ref="AGAIN")
    await send_refunds(street.market.shop)
    texts = [str(screen.lines) for screen in await visitor.news()]
    assert any("同一个订单付了两次，多付的 1980 ⭐ 已退回给你" in text for text in texts)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_paysupport_is_answered(street: Street, language: str) -> None:
    visitor = street.a_visitor(language=language)
    await visitor.hello()
    await visitor.follow("paysupport")
    assert "Stars" in visitor.text
    assert visitor.has("我的订单" if language == "zh" else "My orders")


async def test_an_objection_is_in_the_payers_language(street: Street) -> None:
    visitor = await at_the_till(street, channel=CLOSED)
    other = street.a_visitor(CLOSED, language="en")
    await other.hello()
    bill = visitor.screen.bill
    assert bill is not None
    mine = Checkout(STARS, bill.number, Address(CLOSED, visitor.external_id), bill.amount)
    theirs = Checkout(STARS, bill.number, Address(CLOSED, other.external_id), bill.amount)
    shop = street.market.shop
    assert await find_objection(shop, mine) is None
    assert await find_objection(shop, theirs) == "This bill is not yours. Nothing was charged."
    await pay_bill(street, visitor)
    assert await find_objection(shop, mine) == "这个订单已经付过，没有再扣款。"
