"""What we have at suppliers: opened by the first reading, kept by purchases, compared, and foretold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shop_core.cases.cases import list_open
from shop_core.supply.floats import NothingToBook, book_difference, read_floats, view_float
from tests.core.builders import OWNER
from tests.core.wholesaler import Trade, a_trade


@pytest_asyncio.fixture
async def trade(database_url: str) -> AsyncIterator[Trade]:
    async with a_trade(database_url) as made:
        yield made


async def test_the_books_follow_the_suppliers_own_balance(trade: Trade) -> None:
    await read_floats(trade.market.shop)
    assert await trade.float_of(trade.first) == 100_000
    await trade.a_paid_order(quantity=3)
    await trade.work()
    trade.market.clock.advance(minutes=5)
    assert await read_floats(trade.market.shop) == 2
    seen = await trade.market.shop.read(view_float, "first")
    assert seen is not None
    assert seen.balance == seen.booked
    assert seen.balance.minor == 98_500


async def test_what_was_spent_before_the_first_reading_is_not_lost(trade: Trade) -> None:
    await trade.a_paid_order()
    await trade.work()
    trade.market.clock.advance(minutes=5)
    await read_floats(trade.market.shop)
    assert await trade.float_of(trade.first) == 99_500


async def test_nothing_is_concluded_while_a_purchase_is_under_way(trade: Trade) -> None:
    await read_floats(trade.market.shop)
    await trade.a_paid_order()
    trade.first.does = ["sell_lost"]
    trade.first.answers = ["say", "lost", "lost", "lost"]
    await trade.work()
    for _ in range(3):
        await read_floats(trade.market.shop)
    assert await trade.market.shop.read(list_open) == []
    with pytest.raises(NothingToBook):
        await trade.market.shop.write(book_difference, "first", by=OWNER)


async def test_a_difference_that_stays_is_a_case_that_a_person_books(trade: Trade) -> None:
    await read_floats(trade.market.shop)
    trade.first.balance_minor += 50_000
    trade.market.clock.advance(minutes=5)
    await read_floats(trade.market.shop)
    assert await trade.market.shop.read(list_open) == [], "once may be bad luck"
    trade.market.clock.advance(minutes=5)
    await read_floats(trade.market.shop)
    [case] = await trade.market.shop.read(list_open)
    assert case.kind.value == "float"
    booked = await trade.market.shop.write(book_difference, "first", by=OWNER)
    assert booked.minor == 50_000
    assert await trade.float_of(trade.first) == 150_000
    assert await trade.market.shop.read(list_open) == []
    with pytest.raises(NothingToBook):
        await trade.market.shop.write(book_difference, "first", by=OWNER)


async def test_a_float_that_runs_dry_within_days_is_told_before(trade: Trade) -> None:
    trade.first.balance_minor = 2_400
    await read_floats(trade.market.shop)
    variant = await trade.a_variant()
    await trade.a_paid_order(variant)
    await trade.work()
    trade.market.clock.advance(days=1)
    await read_floats(trade.market.shop)
    assert await trade.market.shop.read(list_open) == []
    await trade.a_paid_order(variant)
    await trade.work()
    trade.market.clock.advance(minutes=5)
    await read_floats(trade.market.shop)
    [case] = await trade.market.shop.read(list_open)
    assert case.kind.value == "float"
    seen = await trade.market.shop.read(view_float, "first")
    assert seen is not None
    assert seen.dry_at is not None


async def test_a_supplier_that_does_not_answer_leaves_the_last_reading(trade: Trade) -> None:
    await read_floats(trade.market.shop)
    trade.first.is_deaf = True
    assert await read_floats(trade.market.shop) == 1
    seen = await trade.market.shop.read(view_float, "first")
    assert seen is not None
    assert seen.balance.minor == 100_000
