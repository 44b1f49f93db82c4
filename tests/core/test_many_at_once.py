"""A rush: more buyers than codes, all at the same moment."""

from __future__ import annotations

from shop_core.customers.people import Customer
from shop_core.kernel.errors import ShopError
from shop_core.orders.end import expire_orders
from shop_core.orders.errors import TooManyUnpaid
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.take_payment import Taken
from shop_core.stock.errors import OutOfStock
from tests.core.builders import Market, outcomes


async def test_200_buyers_at_once_for_100_codes(market: Market) -> None:
    variant = await market.a_variant(price=990, codes=100)
    crowd = await market.a_crowd(200, balance=1000)

    async def buy(buyer: Customer) -> str:
        number = await market.place(buyer, variant)
        await pay_from_wallet(market.shop, buyer, number)
        return number

    answers = await outcomes(*(buy(buyer) for buyer in crowd))
    assert answers.count(OutOfStock) == 100
    assert await market.cards() == {"delivered": 100}
    assert await market.one("SELECT count(DISTINCT line_id) FROM cards") == 100
    charged = {
        row["account"]
        for row in await market.rows("SELECT account FROM ledger_balances WHERE amount_minor = 10")
    }
    served = {f"wallet:{row['person_id']}" for row in await market.rows("SELECT person_id FROM orders")}
    assert charged == served
    assert len(served) == 100
    untouched = await market.one("SELECT count(*) FROM ledger_balances WHERE amount_minor = 1000")
    assert untouched == 100, "nobody is charged without a code"


async def test_two_buyers_never_get_the_same_code(market: Market) -> None:
    variant = await market.a_variant(codes=30)
    crowd = await market.a_crowd(12, balance=5000)

    async def buy_twice(buyer: Customer) -> list[str]:
        got = []
        for quantity in (1, 2):
            number = await market.place(buyer, variant, quantity)
            await pay_from_wallet(market.shop, buyer, number)
            got += await market.codes_of(buyer, number)
        return got

    answers = await outcomes(*(buy_twice(buyer) for buyer in crowd))
    codes = [code for answer in answers if isinstance(answer, list) for code in answer]
    assert len(codes) == len(set(codes))
    assert (await market.cards())["delivered"] >= len(codes)


async def test_money_for_one_of_ten_purchases_at_once_buys_one(market: Market) -> None:
    [buyer] = await market.a_crowd(1, balance=990)
    variant = await market.a_variant(codes=20)

    async def buy() -> str:
        number = await market.place(buyer, variant)
        await pay_from_wallet(market.shop, buyer, number)
        return number

    answers = await outcomes(*(buy() for _ in range(10)))
    assert len([answer for answer in answers if isinstance(answer, str)]) == 1
    assert all(isinstance(answer, str) or issubclass(answer, ShopError) for answer in answers)
    assert await market.balance(buyer) == 0
    assert (await market.cards())["delivered"] == 1
    assert answers.count(TooManyUnpaid) <= 7


async def test_callbacks_and_the_sweeper_at_the_deadline_lose_nobodys_money(market: Market) -> None:
    variant = await market.a_variant(codes=10)
    crowd = await market.a_crowd(10, balance=1)
    numbers = [await market.place(buyer, variant) for buyer in crowd]
    for buyer, number in zip(crowd, numbers, strict=True):
        await market.ask_money(buyer, number)
    notices = [await market.notice(number) for number in numbers]
    market.clock.advance(minutes=15)
    told = [market.tell(notice) for notice in notices for _ in range(2)]
    answers = await outcomes(
        *told[:10], expire_orders(market.shop, limit=3), *told[10:], expire_orders(market.shop)
    )
    assert answers.count(Taken.APPLIED) == 10
    assert await market.cards() == {"delivered": 10}
