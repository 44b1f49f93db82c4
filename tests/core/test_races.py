"""The second transaction between two statements of the first: every order of them ends well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shop_core.delivery.models import Delivery
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.errors import NotCancellable, NotDelivered, NotPayable
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet, top_up_difference
from shop_core.orders.refund import CodeWasSeen, refund_order
from shop_core.orders.take_payment import Taken
from shop_core.stock.errors import OutOfStock
from tests.core.builders import EPAY, OWNER, Market, a_market
from tests.core.races import run_between

pytestmark = pytest.mark.postgresql

BEFORE_LOCKING_ORDER = "FOR NO KEY UPDATE"
BEFORE_MOVING_ORDER = "UPDATE orders"
BEFORE_TAKING_MONEY = "UPDATE ledger_balances"
BEFORE_CARDS = "UPDATE cards"


@pytest_asyncio.fixture
async def market(postgresql_url: str) -> AsyncIterator[Market]:
    async with a_market(postgresql_url) as made:
        yield made


@pytest.mark.parametrize(
    ("point", "paid_first"),
    [(BEFORE_LOCKING_ORDER, False), (BEFORE_TAKING_MONEY, True), (BEFORE_CARDS, True)],
)
async def test_cancelling_while_paying(market: Market, point: str, paid_first: bool) -> None:
    buyer = await market.a_customer(balance=990)
    number = (await market.an_order(buyer)).number
    race = await run_between(
        market.shop.database,
        pay_from_wallet(market.shop, buyer, number),
        cancel_order(market.shop, buyer, number),
        point=point,
    )
    assert race.had_to_wait is paid_first
    assert (race.second is NotCancellable) if paid_first else (race.first is NotPayable)
    assert await market.balance(buyer) == (0 if paid_first else 990)


@pytest.mark.parametrize(
    ("point", "cancelled_first"), [(BEFORE_LOCKING_ORDER, False), (BEFORE_MOVING_ORDER, True)]
)
async def test_paying_while_cancelling(market: Market, point: str, cancelled_first: bool) -> None:
    buyer = await market.a_customer(balance=990)
    number = (await market.an_order(buyer)).number
    race = await run_between(
        market.shop.database,
        cancel_order(market.shop, buyer, number),
        pay_from_wallet(market.shop, buyer, number),
        point=point,
    )
    assert (race.second is NotPayable) if cancelled_first else (race.first is NotCancellable)


@pytest.mark.parametrize("point", [BEFORE_LOCKING_ORDER, BEFORE_MOVING_ORDER, BEFORE_CARDS])
async def test_money_that_comes_while_the_order_expires_still_buys_the_code(
    market: Market, point: str
) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=1))
    await market.ask_money(buyer, order.number)
    notice = await market.notice(order.number)
    market.clock.advance(minutes=15)
    race = await run_between(
        market.shop.database, expire_orders(market.shop), market.tell(notice), point=point
    )
    assert race.second is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED


@pytest.mark.parametrize("point", ["FROM receipts", "FROM people", "INSERT INTO receipts", "UPDATE orders"])
async def test_the_same_callback_within_itself_delivers_once(market: Market, point: str) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    notice = await market.notice(order.number)
    race = await run_between(market.shop.database, market.tell(notice), market.tell(notice), point=point)
    assert sorted([race.first, race.second]) == [Taken.APPLIED, Taken.REPEATED]


@pytest.mark.parametrize("point", ["FROM people", "WITH picked"])
async def test_a_late_callback_told_twice_while_codes_arrive_holds_nothing_for_nobody(
    market: Market, point: str
) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=1)
    order = await market.an_order(buyer, variant)
    await market.ask_money(buyer, order.number)
    notice = await market.notice(order.number)
    market.clock.advance(minutes=15)
    await expire_orders(market.shop)
    await market.an_order(await market.a_customer(), variant, paid=True)

    async def told_elsewhere_and_restocked() -> Taken:
        taken = await market.tell(notice)
        await market.stock(variant, 1)
        return taken

    race = await run_between(
        market.shop.database, market.tell(notice), told_elsewhere_and_restocked(), point=point
    )
    assert sorted([race.first, race.second]) == [Taken.CREDITED, Taken.REPEATED]
    assert await market.cards() == {"available": 1, "delivered": 1}


@pytest.mark.parametrize(
    ("point", "seen"),
    [(BEFORE_LOCKING_ORDER, True), ("FROM deliveries", False), ("UPDATE deliveries", False)],
)
async def test_looking_at_a_code_while_it_is_refunded(market: Market, point: str, seen: bool) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    race = await run_between(
        market.shop.database,
        refund_order(market.shop, order.number, by=OWNER),
        market.codes_of(buyer, order.number),
        point=point,
    )
    assert (race.first is CodeWasSeen) if seen else (race.second is NotDelivered)
    assert (await market.cards()).get("delivered", 0) == (1 if seen else 0)


@pytest.mark.parametrize(("point", "seen"), [(BEFORE_LOCKING_ORDER, False), ("UPDATE deliveries", True)])
async def test_refunding_while_a_code_is_looked_at(market: Market, point: str, seen: bool) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    race = await run_between(
        market.shop.database,
        market.codes_of(buyer, order.number),
        refund_order(market.shop, order.number, by=OWNER),
        point=point,
    )
    assert (race.second is CodeWasSeen) if seen else (race.first is NotDelivered)
    looked = await market.one(f"SELECT count(*) FROM {Delivery.__tablename__} WHERE revealed_at IS NOT NULL")
    assert looked == (1 if seen else 0)


@pytest.mark.parametrize("point", ["WITH picked", "UPDATE order_lines", "INSERT INTO used_keys"])
async def test_the_second_buyer_of_the_last_code_is_refused_or_waits_for_nothing(
    market: Market, point: str
) -> None:
    variant = await market.a_variant(codes=1)
    one, other = await market.a_customer(), await market.a_customer()
    race = await run_between(
        market.shop.database, market.place(one, variant), market.place(other, variant), point=point
    )
    assert not race.had_to_wait, "a buyer does not wait for another buyer's transaction"
    assert OutOfStock in {race.first, race.second}
    assert await market.cards() == {"held": 1}


@pytest.mark.parametrize("point", [BEFORE_TAKING_MONEY, "FROM orders"])
async def test_paying_from_the_wallet_while_a_top_up_pays_the_same_order(market: Market, point: str) -> None:
    buyer = await market.a_customer(balance=400)
    order = await market.an_order(buyer)
    payment = await top_up_difference(market.shop, buyer, order.number, EPAY, title="Kapu")
    notice = await market.notice(payment.number, minor=590)
    await market.give(buyer, 590)
    race = await run_between(
        market.shop.database,
        market.tell(notice),
        pay_from_wallet(market.shop, buyer, order.number),
        point=point,
    )
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert await market.balance(buyer) == 590
    paid_by_top_up = point == BEFORE_TAKING_MONEY
    assert race.first is (Taken.APPLIED if paid_by_top_up else Taken.CREDITED)
    assert (race.second is NotPayable) is paid_by_top_up
