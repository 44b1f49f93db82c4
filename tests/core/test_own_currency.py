"""Gateways with a currency of their own: what is asked, what is booked, and what goes back where it came from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.web.notices import pack_notice, unpack_notice
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.orders.checkout import GRACE, BillChanged, Checkout, allow_checkout
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.errors import NoSuchOrder, NotPayable, NotRefundable
from shop_core.orders.give_back import send_refunds
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet, top_up_difference
from shop_core.orders.refund import (
    CodeWasSeen,
    NotReturnable,
    refund_order,
    return_order,
    return_seen_order,
)
from shop_core.orders.spend import SpendElsewhere
from shop_core.orders.suspense import mark_returned
from shop_core.orders.take_payment import Taken
from shop_core.payments.gateway import NoSuchGateway, Notice, OnItsWay
from shop_core.stock.errors import OutOfStock
from tests.core.builders import CLOSED, EPAY, OWNER, STARS, Market, outcomes

BOOKED = "SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE account = :account"


async def a_bill(market: Market) -> tuple[Checkout, str]:
    """An order that waits for stars: what the channel would ask about it, and its number."""
    customer = await market.a_customer(channel=CLOSED)
    placed = await market.an_order(customer)
    number = await market.ask_money(customer, placed.number, STARS)
    return Checkout(STARS, number, placed.address, Money(2 * placed.total.minor, "XTR")), placed.number


# ------------------------------------------------------------------------------------------------- asking and booking


async def test_the_books_count_stars_as_what_they_were_asked_for(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    await market.pay_stars(customer, order)
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    [payment] = await market.rows("SELECT * FROM payments")
    assert (payment["amount_minor"], payment["currency"]) == (990, "CNY")
    assert (payment["tender_minor"], payment["tender_currency"]) == (1980, "XTR")
    assert (payment["tender_rate"], payment["tender_source"]) == ("0.005", "for 1 kinds")
    [receipt] = await market.rows("SELECT * FROM receipts")
    assert (receipt["amount_minor"], receipt["tender_minor"]) == (990, 1980)
    assert await market.one(BOOKED, account="gateway:stars") == 990


async def test_a_price_stays_as_it_was_when_the_bill_was_made(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    number = await market.ask_money(customer, order.number, STARS)
    await market.sql("UPDATE payments SET tender_minor = 77")
    assert await market.ask_money(customer, order.number, STARS) == number
    assert await market.one("SELECT tender_minor FROM payments") == 77
    assert await market.tell(await market.stars_notice(customer, number), gateway=STARS) is Taken.APPLIED


@pytest.mark.parametrize(("price", "minor"), [(990, 1), (990, 1979), (1, 1)])
async def test_fewer_stars_than_asked_for_go_back(market: Market, price: int, minor: int) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer, await market.a_variant(price=price))
    number = await market.ask_money(customer, order.number, STARS)
    short = await market.stars_notice(customer, number, minor=minor)
    assert await market.tell(short, gateway=STARS) is Taken.RETURNED
    assert (await market.look(order.number)).state is OrderState.AWAITING
    await send_refunds(market.shop)
    assert [wanted.amount.minor for wanted in market.stars.given_back] == [minor]


async def test_stars_for_nothing_we_know_wait_for_a_person_who_gives_them_back(market: Market) -> None:
    notice = Notice("ZZZZZZZZ", "S1", Money(50, "XTR"), paid=True, payer="77")
    assert await market.tell(notice, gateway=STARS) is Taken.SUSPENDED
    receipt_id = await market.one("SELECT id FROM receipts")
    market.stars.no = "USER_ID_INVALID"
    await mark_returned(market.shop, receipt_id, by=OWNER)
    assert await market.one("SELECT state FROM receipts") == "suspense"
    assert await market.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 1
    market.stars.no = None
    await mark_returned(market.shop, receipt_id, by=OWNER)
    assert await market.one("SELECT state FROM receipts") == "returned"
    assert [wanted.payer for wanted in market.stars.given_back] == ["77", "77"]
    assert await market.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 0


# ------------------------------------------------------------------------------------------- money nobody here can use


async def test_paid_twice_is_given_back_once_however_often_it_is_told(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    await market.pay_stars(customer, order)
    again = await market.stars_notice(customer, order.number, ref="AGAIN")
    told = await outcomes(*[market.tell(again, gateway=STARS) for _ in range(3)])
    assert sorted(told) == [Taken.REPEATED, Taken.REPEATED, Taken.RETURNED]
    await send_refunds(market.shop)
    assert await send_refunds(market.shop) == 0
    assert [wanted.external_ref for wanted in market.stars.given_back] == ["AGAIN"]
    assert await market.one(BOOKED, account="gateway:stars") == 990
    assert await market.one("SELECT count(*) FROM messages WHERE news = 'money_returned'") == 1


async def test_late_and_sold_out_goes_back_and_late_with_a_code_left_is_delivered(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    variant = await market.a_variant(codes=2)
    numbers = [(await market.an_order(customer, variant)).number for _ in range(2)]
    payments = [await market.ask_money(customer, number, STARS) for number in numbers]
    market.clock.advance(minutes=16)
    await expire_orders(market.shop)
    await market.an_order(await market.a_customer(balance=990), variant)
    told = [
        await market.tell(await market.stars_notice(customer, number), gateway=STARS) for number in payments
    ]
    assert told == [Taken.APPLIED, Taken.RETURNED]
    await send_refunds(market.shop)
    assert await market.balance(customer) == 0


async def test_somebody_elses_money_goes_back_to_him_and_the_bill_stays_open(market: Market) -> None:
    customer, other = await market.a_customer(channel=CLOSED), await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    number = await market.ask_money(customer, order.number, STARS)
    theirs = await market.stars_notice(other, number)
    assert await market.tell(theirs, gateway=STARS) is Taken.RETURNED
    await send_refunds(market.shop)
    assert [wanted.payer for wanted in market.stars.given_back] == [other.external_id]
    [message] = await market.rows("SELECT external_id FROM messages WHERE news = 'money_returned'")
    assert message["external_id"] == other.external_id
    assert (await market.look(order.number)).state is OrderState.AWAITING
    await market.tell(await market.stars_notice(customer, number), gateway=STARS)
    assert (await market.look(order.number)).state is OrderState.DELIVERED


async def test_a_friend_may_pay_where_the_gateway_lets_him(market: Market) -> None:
    customer, friend = await market.a_customer(channel=CLOSED), await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    number = await market.ask_money(customer, order.number, STARS)
    theirs = replace(await market.stars_notice(friend, number), from_anyone=True)
    assert unpack_notice(pack_notice(theirs)) == theirs
    assert await market.tell(theirs, gateway=STARS) is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED


async def test_a_paid_order_without_goods_is_given_back_where_it_was_paid(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer, await market.a_variant(codes=1))
    await market.sql("DELETE FROM cards")
    await market.sql("UPDATE batches SET added = 0")
    await market.pay_stars(customer, order)
    await market.run_news()
    assert (await market.look(order.number)).state is OrderState.REFUNDED
    await send_refunds(market.shop)
    assert [wanted.amount.minor for wanted in market.stars.given_back] == [1980]
    assert await market.balance(customer) == 0


# ------------------------------------------------------------------------------------------------------ refunds of staff


async def test_a_refund_asked_twice_at_once_is_one(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    await market.pay_stars(customer, order)
    asked = await outcomes(
        return_order(market.shop, order.number, by=OWNER),
        refund_order(market.shop, order.number, by=OWNER),
        return_order(market.shop, order.number, by=OWNER),
    )
    assert asked.count(NotRefundable) == 2
    await send_refunds(market.shop)
    assert len(market.stars.given_back) + await market.balance(customer) // 990 == 1


@pytest.mark.parametrize("trouble", [Unknown("lost"), RetryLater("429", retry_after_s=30)])
async def test_a_refund_is_asked_for_until_there_is_an_answer(market: Market, trouble: Exception) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    await market.pay_stars(customer, order)
    market.stars.trouble = trouble
    await return_order(market.shop, order.number, by=OWNER)
    assert await market.one("SELECT state FROM refunds") == "intended"
    assert await market.one(BOOKED, account="returning") == -990
    assert await market.one("SELECT count(*) FROM messages WHERE news = 'order_refunded'") == 0
    market.stars.trouble = None
    market.clock.advance(seconds=31)
    assert await send_refunds(market.shop) == 1
    assert await market.one("SELECT state FROM refunds") == "done"
    assert await market.one(BOOKED, account="gateway:stars") == 0
    assert await market.one("SELECT count(*) FROM messages WHERE news = 'order_refunded'") == 1


async def test_a_refund_on_its_way_stays_promised_and_a_stuck_one_asks_a_person_once(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    await market.pay_stars(customer, order)
    market.stars.under_way = OnItsWay()
    await return_order(market.shop, order.number, by=OWNER)
    assert await market.one("SELECT state FROM receipts") == "returning"
    assert await market.one("SELECT count(*) FROM cases") == 0
    for trouble in ("ABNORMAL", "ABNORMAL", None):
        market.stars.under_way = OnItsWay(trouble)
        market.clock.advance(minutes=31)
        assert await send_refunds(market.shop) == 1
        assert await market.one("SELECT count(*) FROM cases WHERE kind = 'refund' AND closed_at IS NULL") == 1
    assert await market.one(BOOKED, account="gateway:stars") == 990
    assert await market.one("SELECT count(*) FROM gateway_silences") == 0, "it has answered each time"
    market.stars.under_way = None
    market.clock.advance(minutes=31)
    assert await send_refunds(market.shop) == 1
    assert await market.one("SELECT state FROM receipts") == "returned"
    assert await market.one("SELECT count(*) FROM cases WHERE closed_at IS NULL") == 0
    assert await market.one(BOOKED, account="gateway:stars") == 0
    assert await market.balance(customer) == 0


async def test_a_refund_that_is_refused_goes_to_the_balance_and_pays_there(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    variant = await market.a_variant()
    order = await market.an_order(customer, variant)
    await market.pay_stars(customer, order)
    market.stars.no = "BALANCE_TOO_LOW"
    await return_order(market.shop, order.number, by=OWNER)
    assert await market.balance(customer) == 990
    assert await market.one("SELECT state FROM refunds") == "refused"
    await pay_from_wallet(market.shop, customer, await market.place(customer, variant))
    assert await market.balance(customer) == 0


async def test_what_cannot_go_back_is_not_promised(market: Market) -> None:
    buyer, customer = await market.a_customer(), await market.a_customer(channel=CLOSED)
    by_epay = await market.an_order(buyer, paid=True)
    by_stars = await market.an_order(customer)
    await market.pay_stars(customer, by_stars)
    await market.codes_of(customer, by_stars.number)
    before = await market.everything()
    with pytest.raises(NotReturnable):
        await return_order(market.shop, by_epay.number, by=OWNER)
    with pytest.raises(CodeWasSeen):
        await return_order(market.shop, by_stars.number, by=OWNER)
    assert await market.everything() == before
    await return_seen_order(market.shop, by_stars.number, by=OWNER)
    assert len(market.stars.given_back) == 1


# ------------------------------------------------------------------------------------------------ the question before


async def test_a_checkout_changes_nothing_and_may_be_asked_for_again(market: Market) -> None:
    checkout, _ = await a_bill(market)
    before = await market.everything()
    await allow_checkout(market.shop, checkout)
    await allow_checkout(market.shop, checkout)
    assert await market.everything() == before


async def test_a_checkout_is_refused_for_whatever_is_not_as_it_was(market: Market) -> None:
    checkout, number = await a_bill(market)
    other = await market.a_customer(channel=CLOSED)
    stranger = replace(checkout.payer, external_id="nobody")
    refused = {
        replace(checkout, number="ZZZZZZZZ"): NoSuchOrder,
        replace(checkout, gateway=EPAY): NoSuchOrder,
        replace(checkout, payer=stranger): NoSuchOrder,
        replace(checkout, payer=replace(checkout.payer, external_id=other.external_id)): NoSuchOrder,
        replace(checkout, amount=Money(1, "XTR")): BillChanged,
        replace(checkout, amount=Money(checkout.amount.minor, "CNY")): BillChanged,
    }
    before = await market.everything()
    for asked, refusal in refused.items():
        with pytest.raises(refusal):
            await allow_checkout(market.shop, asked)
    assert await market.everything() == before
    await market.sql("UPDATE cards SET state = 'available', line_id = NULL WHERE state = 'held'")
    with pytest.raises(OutOfStock):
        await allow_checkout(market.shop, checkout)
    await market.sql("UPDATE cards SET state = 'held', line_id = 1 WHERE id = 1")
    customer = await market.rows("SELECT person_id FROM orders WHERE number = :number", number=number)
    assert customer
    market.clock.advance(minutes=16)
    with pytest.raises(NotPayable):
        await allow_checkout(market.shop, checkout)
    await expire_orders(market.shop)
    with pytest.raises(NotPayable):
        await allow_checkout(market.shop, checkout)


async def test_a_checkout_of_a_cancelled_or_paid_order_is_refused(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    orders = [await market.an_order(customer) for _ in range(2)]
    bills = [await market.ask_money(customer, order.number, STARS) for order in orders]
    await cancel_order(market.shop, customer, orders[0].number)
    await market.tell(await market.stars_notice(customer, bills[1]), gateway=STARS)
    for bill in bills:
        asked = Checkout(STARS, bill, orders[0].address, Money(1980, "XTR"))
        with pytest.raises(NotPayable):
            await allow_checkout(market.shop, asked)


async def test_a_checkout_near_the_end_keeps_the_codes_a_minute_longer_and_no_more(market: Market) -> None:
    checkout, number = await a_bill(market)
    end = (await market.look(number)).expires_at
    market.clock.moment = end - GRACE / 4
    await allow_checkout(market.shop, checkout)
    assert (await market.look(number)).expires_at == end + GRACE * 3 / 4
    market.clock.moment = end + GRACE / 4
    await allow_checkout(market.shop, checkout)
    assert (await market.look(number)).expires_at == end + GRACE
    market.clock.moment = end + GRACE
    with pytest.raises(NotPayable):
        await allow_checkout(market.shop, checkout)


async def test_a_bill_for_the_difference_fits_the_balance_or_is_refused(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED, balance=400)
    order = await market.an_order(customer)
    payment = await top_up_difference(market.shop, customer, order.number, STARS, title="Kapu")
    assert payment.due == Money(2 * 590, "XTR")
    asked = Checkout(STARS, payment.number, order.address, payment.due)
    await allow_checkout(market.shop, asked)
    await market.give(customer, -100)
    with pytest.raises(BillChanged):
        await allow_checkout(market.shop, asked)


# ------------------------------------------------------------------------------------------------- closed channels


async def test_a_closed_channel_knows_no_other_way(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED)
    order = await market.an_order(customer)
    with pytest.raises(NoSuchGateway):
        await market.ask_money(customer, order.number, EPAY)
    assert await market.rows("SELECT id FROM payments") == []


async def test_a_gift_pays_on_a_closed_channel(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED, balance=990)
    await pay_from_wallet(market.shop, customer, (await market.an_order(customer)).number)
    assert await market.balance(customer) == 0


@pytest.mark.parametrize("way", ["double", "refund"])
async def test_money_of_another_way_does_not_pay_on_a_closed_channel(market: Market, way: str) -> None:
    customer = await market.a_customer(channel="web", balance=5000)
    order = await market.an_order(customer, paid=True)
    if way == "refund":
        await refund_order(market.shop, order.number, by=OWNER)
    else:
        await market.tell(await market.notice(order.number))
    here = replace(customer, channel=CLOSED)
    number = await market.place(here, await market.a_variant())
    before = await market.everything()
    with pytest.raises(SpendElsewhere):
        await pay_from_wallet(market.shop, here, number)
    with pytest.raises(SpendElsewhere):
        await top_up_difference(market.shop, here, number, STARS, title="Kapu")
    assert await market.everything() == before
    await pay_from_wallet(market.shop, customer, number)


async def test_a_refund_of_what_the_balance_paid_brings_nothing_new_in(market: Market) -> None:
    customer = await market.a_customer(channel=CLOSED, balance=990)
    order = await market.an_order(customer)
    await pay_from_wallet(market.shop, customer, order.number)
    await refund_order(market.shop, order.number, by=OWNER)
    await pay_from_wallet(market.shop, customer, (await market.an_order(customer)).number)
