"""How an unpaid order ends, and that everybody else's number opens nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from shop_core.customers.people import Customer
from shop_core.orders.ask import ask_about_order
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.errors import NoSuchOrder, NotCancellable, NotDelivered, NotPayable
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_by_gateway, pay_from_wallet, top_up_difference
from shop_core.orders.read import get_own, list_own
from shop_core.orders.reveal import reveal_codes
from tests.core.builders import EPAY, Market, outcomes


async def test_a_hold_runs_out_and_the_code_returns(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=1)
    order = await market.an_order(buyer, variant)
    market.clock.moment = order.expires_at - (order.expires_at - order.placed_at) / 1000
    assert await expire_orders(market.shop) == 0
    market.clock.moment = order.expires_at
    assert await expire_orders(market.shop) == 1
    assert (await market.look(order.number)).state is OrderState.EXPIRED
    assert await market.cards() == {"available": 1}
    await market.place(await market.a_customer(), variant)


async def test_expiry_takes_the_oldest_first_and_leaves_paid_orders_alone(market: Market) -> None:
    variant = await market.a_variant(codes=9)
    paid = await market.an_order(await market.a_customer(), variant, paid=True)
    orders = [await market.an_order(await market.a_customer(), variant) for _ in range(3)]
    market.clock.advance(minutes=15)
    assert await expire_orders(market.shop, limit=2) == 2
    states = [(await market.look(order.number)).state.value for order in (paid, *orders)]
    assert states == ["delivered", "expired", "expired", "awaiting"]


async def test_sweepers_side_by_side_expire_each_order_once(market: Market) -> None:
    variant = await market.a_variant(codes=9)
    for _ in range(9):
        await market.an_order(await market.a_customer(), variant)
    market.clock.advance(hours=1)
    swept = 0
    while round_ := sum(await outcomes(*(expire_orders(market.shop, limit=2) for _ in range(4)))):
        swept += round_
    assert swept == 9
    assert await market.cards() == {"available": 9}


async def test_a_cancelled_order_gives_its_codes_back_and_stays_cancelled(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    for _ in range(2):
        assert (await cancel_order(market.shop, buyer, order.number)).state is OrderState.CANCELLED
    assert await market.cards() == {"available": 5}


async def test_a_delivered_order_is_not_cancelled(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    with pytest.raises(NotCancellable):
        await cancel_order(market.shop, buyer, order.number)


@pytest.mark.parametrize("end", ["cancel", "expire", "deadline"])
async def test_what_has_ended_is_not_paid(market: Market, end: str) -> None:
    buyer = await market.a_customer(balance=9999)
    order = await market.an_order(buyer)
    if end == "cancel":
        await cancel_order(market.shop, buyer, order.number)
    else:
        market.clock.moment = order.expires_at
        if end == "expire":
            await expire_orders(market.shop)
    for attempt in (pay_from_wallet(market.shop, buyer, order.number), market.ask_money(buyer, order.number)):
        with pytest.raises(NotPayable):
            await attempt
    assert await market.balance(buyer) == 9999
    assert market.gateway.begun == []


async def test_payments_of_an_ended_order_are_closed(market: Market) -> None:
    buyer = await market.a_customer(balance=1)
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    await top_up_difference(market.shop, buyer, order.number, EPAY, title="Kapu")
    await cancel_order(market.shop, buyer, order.number)
    assert {row["state"] for row in await market.rows("SELECT state FROM payments")} == {"closed"}


STRANGERS_ATTEMPTS: tuple[Callable[[Market, Customer, str], Awaitable[object]], ...] = (
    lambda market, who, number: pay_from_wallet(market.shop, who, number),
    lambda market, who, number: pay_by_gateway(market.shop, who, number, EPAY, title="x"),
    lambda market, who, number: top_up_difference(market.shop, who, number, EPAY, title="x"),
    lambda market, who, number: cancel_order(market.shop, who, number),
    lambda market, who, number: reveal_codes(market.shop, who, number),
    lambda market, who, number: ask_about_order(market.shop, who, number),
    lambda market, who, number: market.shop.read(get_own, who.person_id, number),
)


@pytest.mark.parametrize("paid", [False, True], ids=["unpaid", "paid"])
async def test_a_strangers_number_is_nobodys(market: Market, paid: bool) -> None:
    stranger = await market.a_customer(balance=9999)
    order = await market.an_order(await market.a_customer(), paid=paid)
    before = await market.everything()
    for number in (order.number, "22222222", "", "' OR 1=1 --"):
        answers = await outcomes(*(attempt(market, stranger, number) for attempt in STRANGERS_ATTEMPTS))
        assert answers == [NoSuchOrder] * len(STRANGERS_ATTEMPTS)
    assert await market.everything() == before
    assert await market.shop.read(list_own, stranger.person_id, limit=9) == []


async def test_an_unpaid_code_is_not_shown(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    with pytest.raises(NotDelivered):
        await market.codes_of(buyer, order.number)
    assert await market.one("SELECT count(*) FROM reveals") == 0


async def test_every_look_is_on_record(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    first = await market.codes_of(buyer, order.number)
    market.clock.advance(hours=1)
    assert await market.codes_of(buyer, order.number) == first
    assert (
        await market.one("SELECT count(*) FROM reveals WHERE by = :who", who=f"web:{buyer.external_id}") == 2
    )
    assert await market.one("SELECT count(DISTINCT revealed_at) FROM deliveries") == 1
