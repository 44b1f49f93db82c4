"""Paying: from the wallet, through a gateway, by topping up; each once, and only for goods."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shop_core.cases.cases import CaseKind, list_open
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.ledger.post import InsufficientBalance
from shop_core.messaging.models import Message
from shop_core.orders.ask import ask_about_order, poll_payments
from shop_core.orders.end import expire_orders
from shop_core.orders.errors import NotPayable
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.models import OrderState
from shop_core.orders.pay import buy, pay_by_gateway, pay_from_wallet, top_up_difference
from shop_core.orders.place import Wish
from shop_core.orders.take_payment import Taken
from shop_core.payments.gateway import GatewayRefused, NoSuchGateway
from shop_core.payments.payments import FOLLOW_FOR, AskedTooSoon
from tests.core.builders import EPAY, OTHER_GATEWAY, Market, outcomes


async def news(market: Market) -> list[str]:
    return [row["news"] for row in await market.rows(f"SELECT news FROM {Message.__tablename__} ORDER BY id")]


# ---------------------------------------------------------------------- wallet


async def test_a_wallet_pays_and_the_code_is_out_in_one_step(market: Market) -> None:
    buyer = await market.a_customer(balance=1000)
    order = await market.an_order(buyer, await market.a_variant(codes=["A"]))
    paid = await pay_from_wallet(market.shop, buyer, order.number)
    assert paid.state is OrderState.DELIVERED
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert await market.balance(buyer) == 10
    assert await market.codes_of(buyer, order.number) == ["A"]
    assert await news(market) == ["order_delivered"]


async def test_an_empty_wallet_changes_nothing(market: Market) -> None:
    buyer = await market.a_customer(balance=989)
    order = await market.an_order(buyer)
    before = await market.everything()
    with pytest.raises(InsufficientBalance):
        await pay_from_wallet(market.shop, buyer, order.number)
    assert await market.everything() == before


async def test_paying_twice_takes_the_money_once(market: Market) -> None:
    buyer = await market.a_customer(balance=5000)
    order = await market.an_order(buyer)
    attempts = [pay_from_wallet(market.shop, buyer, order.number) for _ in range(8)]
    assert (await outcomes(*attempts)).count(NotPayable) == 7
    assert await market.balance(buyer) == 5000 - 990


async def test_money_for_one_of_three_waiting_orders_pays_one(market: Market) -> None:
    buyer = await market.a_customer(balance=990)
    variant = await market.a_variant(codes=10)
    numbers = [await market.place(buyer, variant) for _ in range(3)]
    answers = await outcomes(*(pay_from_wallet(market.shop, buyer, number) for number in numbers))
    assert answers.count(InsufficientBalance) == 2
    assert await market.balance(buyer) == 0
    assert (await market.cards())["delivered"] == 1


# ---------------------------------------------------------------------- gateway


async def test_a_gateway_is_asked_once_however_often_one_presses(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    payments = [await pay_by_gateway(market.shop, buyer, order.number, EPAY, title="Kapu") for _ in range(3)]
    assert {payment.number for payment in payments} == {order.number}
    assert {payment.link for payment in payments} == {f"https://pay.test/{order.number}"}
    assert len(market.gateway.begun) == 1
    assert market.gateway.begun[0].amount == order.total


async def test_another_gateway_gets_a_number_of_its_own_and_the_slower_one_is_closed(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    first = await market.ask_money(buyer, order.number)
    second = await market.ask_money(buyer, order.number, OTHER_GATEWAY)
    assert (first, second) == (order.number, f"{order.number}02")
    assert await market.tell(await market.notice(second), gateway=OTHER_GATEWAY) is Taken.APPLIED
    states = await market.rows("SELECT number, state FROM payments ORDER BY id")
    assert [row["state"] for row in states] == ["closed", "settled"]


async def test_a_callback_delivers_and_its_repeats_do_nothing(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=["A"]))
    await market.ask_money(buyer, order.number)
    notice = await market.notice(order.number)
    assert await market.tell(notice) is Taken.APPLIED
    before = await market.everything()
    assert [await market.tell(notice) for _ in range(3)] == [Taken.REPEATED] * 3
    assert await market.everything() == before
    assert await market.codes_of(buyer, order.number) == ["A"]


async def test_the_same_callback_eight_times_at_once_delivers_once(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    notice = await market.notice(order.number)
    answers = await outcomes(*(market.tell(notice) for _ in range(8)))
    assert sorted(answers) == [Taken.APPLIED] + [Taken.REPEATED] * 7
    assert await market.cards() == {"available": 4, "delivered": 1}
    assert await market.balance(buyer) == 0
    assert await news(market) == ["order_delivered"]


async def test_a_gateway_that_a_channel_may_not_show_is_refused(market: Market) -> None:
    buyer = await market.a_customer(channel="tg")
    order = await market.an_order(buyer)
    wish = Wish(order.lines[0].variant_id, 1, market.key())
    for gateway in (OTHER_GATEWAY, "wallet", "nonsense"):
        with pytest.raises(NoSuchGateway):
            await market.ask_money(buyer, order.number, gateway)
        with pytest.raises(NoSuchGateway):
            await buy(market.shop, buyer, wish, gateway, title="Kapu")
    assert await market.one("SELECT count(*) FROM payments") == 0


async def test_buying_places_and_asks_in_one_press(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    wish = Wish(variant, 1, market.key())
    number, payment = await buy(market.shop, buyer, wish, EPAY, title="Kapu")
    again, same = await buy(market.shop, buyer, wish, EPAY, title="Kapu")
    assert (number, payment.number) == (again, same.number)
    assert await market.tell(await market.notice(payment.number)) is Taken.APPLIED


async def test_an_unreachable_gateway_is_asked_again_by_the_poller(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    market.gateway.trouble = Unknown("no answer")
    payment = await pay_by_gateway(market.shop, buyer, order.number, EPAY, title="Kapu")
    assert payment.link is None
    market.gateway.trouble = None
    assert await poll_payments(market.shop) == 0, "the asker still has it"
    market.clock.advance(seconds=20)
    assert await poll_payments(market.shop) == 1
    assert market.gateway.asked == [order.number], "asked before begun again: it may have been paid"
    again = await pay_by_gateway(market.shop, buyer, order.number, EPAY, title="Kapu")
    assert again.link is not None


async def test_a_gateway_that_refuses_is_a_case_for_the_owner(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    market.gateway.trouble = GatewayRefused(said="merchant closed")
    with pytest.raises(GatewayRefused):
        await market.ask_money(buyer, order.number)
    [case] = await market.shop.read(list_open)
    assert (case.kind, case.evidence["said"]) == (CaseKind.GATEWAY, "merchant closed")
    assert await market.run_news() == 1
    assert await news(market) == ["case_opened"]
    market.gateway.trouble = None
    assert await market.ask_money(buyer, order.number, OTHER_GATEWAY) != order.number


# ---------------------------------------------------------------------- asking


async def test_i_have_paid_is_believed_only_from_the_gateway(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    assert await ask_about_order(market.shop, buyer, order.number) is Taken.NOT_PAID
    assert (await market.look(order.number)).state is OrderState.AWAITING
    with pytest.raises(AskedTooSoon):
        await ask_about_order(market.shop, buyer, order.number)
    market.clock.advance(seconds=8)
    market.gateway.knows[order.number] = await market.notice(order.number)
    assert await ask_about_order(market.shop, buyer, order.number) is Taken.APPLIED
    assert await market.tell(market.gateway.knows[order.number]) is Taken.REPEATED


@pytest.mark.parametrize("trouble", [RetryLater("busy"), Unknown("no answer")])
async def test_a_gateway_that_does_not_answer_changes_nothing(market: Market, trouble: Exception) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    market.gateway.trouble = trouble
    assert await ask_about_order(market.shop, buyer, order.number) is None
    assert (await market.look(order.number)).state is OrderState.AWAITING


async def test_a_payment_whose_callback_was_lost_is_found_by_polling(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    market.gateway.knows[order.number] = await market.notice(order.number)
    market.clock.advance(minutes=1)
    assert await poll_payments(market.shop) == 1
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    market.clock.advance(days=3)
    assert await poll_payments(market.shop) == 0, "a settled payment is not asked about"


async def test_an_unpaid_payment_is_asked_about_ever_more_rarely_and_not_for_ever(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    pauses = []
    while due := await market.rows("SELECT due_at FROM payments WHERE due_at IS NOT NULL"):
        moment = datetime.fromtimestamp(due[0]["due_at"] / 1e6, UTC)
        pauses.append(moment - market.clock.moment)
        market.clock.moment = moment
        assert await poll_payments(market.shop) == 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=30)
    assert FOLLOW_FOR - timedelta(minutes=30) < market.clock.moment - order.expires_at <= FOLLOW_FOR


async def test_pollers_side_by_side_ask_about_each_payment_once(market: Market) -> None:
    variant = await market.a_variant(codes=9)
    for _ in range(6):
        buyer = await market.a_customer()
        await market.ask_money(buyer, await market.place(buyer, variant))
    market.clock.advance(minutes=1)
    assert sum(await asyncio.gather(*(poll_payments(market.shop, limit=4) for _ in range(4)))) == 6
    assert len(market.gateway.asked) == 6


# ---------------------------------------------------------------------- topping up


async def test_topping_up_the_difference_finishes_the_order(market: Market) -> None:
    buyer = await market.a_customer(balance=400)
    order = await market.an_order(buyer)
    payment = await top_up_difference(market.shop, buyer, order.number, EPAY, title="Kapu")
    assert payment.amount.minor == 590
    assert await market.tell(await market.notice(payment.number, minor=590)) is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert await market.balance(buyer) == 0


async def test_a_top_up_after_the_deadline_stays_in_the_wallet(market: Market) -> None:
    buyer = await market.a_customer(balance=400)
    order = await market.an_order(buyer)
    payment = await top_up_difference(market.shop, buyer, order.number, EPAY, title="Kapu")
    market.clock.advance(minutes=15)
    await expire_orders(market.shop)
    assert await market.tell(await market.notice(payment.number, minor=590)) is Taken.CREDITED
    assert (await market.look(order.number)).state is OrderState.EXPIRED
    assert await market.balance(buyer) == 990
    assert await news(market) == ["topped_up"]


async def test_a_top_up_that_no_longer_suffices_stays_in_the_wallet(market: Market) -> None:
    buyer, variant = await market.a_customer(balance=990), await market.a_variant()
    dear = await market.an_order(buyer, variant, quantity=2)
    payment = await top_up_difference(market.shop, buyer, dear.number, EPAY, title="Kapu")
    await pay_from_wallet(market.shop, buyer, await market.place(buyer, variant))
    assert await market.tell(await market.notice(payment.number, minor=990)) is Taken.CREDITED
    assert await market.balance(buyer) == 990
    assert (await market.look(dear.number)).state is OrderState.AWAITING


async def test_who_has_enough_needs_no_top_up(market: Market) -> None:
    buyer = await market.a_customer(balance=990)
    order = await market.an_order(buyer)
    with pytest.raises(NotPayable):
        await top_up_difference(market.shop, buyer, order.number, EPAY, title="Kapu")


# ---------------------------------------------------------------------- a held code is gone


async def lose_held_cards(market: Market, to: str = "available") -> None:
    await market.sql(f"UPDATE cards SET state = '{to}', line_id = NULL WHERE state = 'held'")


async def test_a_paid_order_whose_code_is_gone_gets_another_one(market: Market) -> None:
    buyer = await market.a_customer(balance=990)
    order = await market.an_order(buyer)
    await lose_held_cards(market)
    paid = await pay_from_wallet(market.shop, buyer, order.number)
    assert paid.state is OrderState.PAID
    assert await market.verify() == []
    assert await market.run_news() == 2
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert await market.shop.read(list_open) == []


async def test_a_paid_order_whose_code_is_gone_is_refunded_when_there_is_no_other(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=1))
    await market.ask_money(buyer, order.number)
    await market.sql("DELETE FROM cards")
    await market.sql("UPDATE batches SET added = 0")
    await market.tell(await market.notice(order.number))
    assert await sweep_undelivered(market.shop) == 1
    assert await sweep_undelivered(market.shop) == 0
    assert await market.run_news() == 2, "the news finds the work done"
    assert (await market.look(order.number)).state is OrderState.REFUNDED
    assert await market.balance(buyer) == 990
    assert await news(market) == ["order_waits", "order_refunded"], "a case that is over is told to nobody"
    waiting = await market.rows("SELECT news FROM messages WHERE due_at IS NOT NULL")
    assert [row["news"] for row in waiting] == ["order_refunded"], (
        "what came of it is told, not that it waits"
    )
