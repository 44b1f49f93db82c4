"""When every route says no: the money goes back by itself, where the product says that it goes.

For everything that is sold alike: codes, links, direct top-ups from suppliers and by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from admin_cmds.edits import set_refund_to
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import RefundTo
from shop_core.customers.people import Customer
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks
from shop_core.kernel.money import Money
from shop_core.orders.by_hand import Cannot, refuse_task, take_task
from shop_core.orders.give_back import send_refunds
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from tests.core.builders import CLOSED, OWNER, Market
from tests.core.test_top_ups import ASKED, PHONE, a_top_up
from tests.core.wholesaler import Trade, a_trade

PRICE: Final = 990


async def a_code(trade: Trade, customer: Customer) -> str:
    return await trade.market.place(customer, await trade.a_variant(price=PRICE))


async def a_link(trade: Trade, customer: Customer) -> str:
    variant = await trade.a_variant(price=PRICE)
    await trade.market.shop.write(change_kind, variant, GoodsKind.LINK)
    return await trade.market.place(customer, variant)


async def a_supplied_top_up(trade: Trade, customer: Customer) -> str:
    variant = await a_top_up(trade, trade.first, trade.second, price=PRICE)
    return await trade.market.place_saying(customer, variant, mobile=PHONE)


async def a_top_up_by_hand(trade: Trade, customer: Customer) -> str:
    variant = await a_top_up(trade, fields=(ASKED,), price=PRICE)
    return await trade.market.place_saying(customer, variant, phone=PHONE)


async def from_the_wallet(market: Market, customer: Customer, number: str) -> None:
    await market.give(customer, PRICE)
    await pay_from_wallet(market.shop, customer, number)


async def at_a_gateway_that_keeps_it(market: Market, customer: Customer, number: str) -> None:
    await market.tell(await market.notice(await market.ask_money(customer, number)))


async def at_one_that_gives_back(market: Market, customer: Customer, number: str) -> None:
    await market.pay_stars(customer, await market.look(number))


@pytest.mark.parametrize("place", [a_code, a_link, a_supplied_top_up, a_top_up_by_hand])
@pytest.mark.parametrize("pay", [from_the_wallet, at_a_gateway_that_keeps_it, at_one_that_gives_back])
@pytest.mark.parametrize("refund_to", RefundTo)
async def test_what_nobody_delivers_is_given_back_without_anybodys_word(
    sqlite_url: str,
    place: Callable[[Trade, Customer], Awaitable[str]],
    pay: Callable[[Market, Customer, str], Awaitable[None]],
    refund_to: RefundTo,
) -> None:
    async with a_trade(sqlite_url) as trade:
        market, is_stars = trade.market, pay is at_one_that_gives_back
        goes_back = is_stars and refund_to is RefundTo.PAYER
        customer = await market.a_customer(channel=CLOSED if is_stars else "web")
        number = await place(trade, customer)
        product = await market.one("SELECT max(id) FROM products")
        await set_refund_to(market.shop, product, refund_to, by=OWNER)
        await pay(market, customer, number)
        await market.run_news()
        trade.first.does, trade.second.does = ["refuse"], ["refuse"]
        while await trade.work():
            await market.run_news()
        for task in await market.shop.read(list_tasks, 5):
            await take_task(market.shop, task.id, by=OWNER)
            await refuse_task(market.shop, task.id, Cannot.OTHER, by=OWNER)
        assert (await market.look(number)).state is OrderState.REFUNDED
        assert await send_refunds(market.shop) == goes_back
        assert await market.balance(customer) == (0 if goes_back else PRICE)
        given_back = [wanted.amount for wanted in market.stars.given_back]
        assert given_back == ([Money(2 * PRICE, "XTR")] if goes_back else [])
        cases = await market.rows("SELECT kind FROM cases WHERE closed_at IS NULL")
        assert cases == [], "nobody has to say yes"
