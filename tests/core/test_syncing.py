"""Suppliers' lists: everything now and then, what changed in between; gone is only what a whole list did not have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
import pytest_asyncio

from shop_core.kernel.errors import Unknown
from shop_core.supply.supplier import ENOUGH, OfferPage
from shop_core.supply.sync import FULL_EVERY, read_list, sync_offers
from tests.core.wholesaler import Trade, a_trade


@pytest_asyncio.fixture
async def trade(database_url: str) -> AsyncIterator[Trade]:
    async with a_trade(database_url) as made:
        for number in range(7):
            made.first.sells(f"A{number}")
        yield made


async def on_sale(trade: Trade) -> list[str]:
    rows = await trade.market.rows("SELECT ref FROM supply_offers WHERE on_sale ORDER BY ref")
    return [row["ref"] for row in rows]


async def test_a_list_is_read_page_by_page_and_what_left_it_is_gone(trade: Trade) -> None:
    assert await sync_offers(trade.market.shop) == 7
    assert [cursor for cursor, _ in trade.first.listed] == [None, "3", "6"]
    del trade.first.offers["A4"]
    trade.first.sells("A5", cost=700)
    trade.market.clock.moment += FULL_EVERY
    assert await sync_offers(trade.market.shop) == 6
    assert await on_sale(trade) == ["A0", "A1", "A2", "A3", "A5", "A6"]
    assert await trade.market.one("SELECT cost_minor FROM supply_offers WHERE ref = 'A5'") == 700


async def test_a_list_that_breaks_off_takes_nothing_for_gone(trade: Trade) -> None:
    await sync_offers(trade.market.shop)
    del trade.first.offers["A0"]
    trade.market.clock.moment += FULL_EVERY
    trade.first.breaks_off_at = 3
    with pytest.raises(Unknown):
        await read_list(trade.market.shop, "first")
    assert await sync_offers(trade.market.shop) == 0
    assert "A0" in await on_sale(trade)
    trade.first.breaks_off_at = None
    await sync_offers(trade.market.shop)
    assert "A0" not in await on_sale(trade)


async def test_between_whole_lists_only_changes_are_asked_for(trade: Trade) -> None:
    await sync_offers(trade.market.shop)
    trade.market.clock.advance(minutes=10)
    trade.first.listed.clear()
    del trade.first.offers["A6"]
    await sync_offers(trade.market.shop)
    assert all(since is not None and since < trade.market.clock.now() for _, since in trade.first.listed)
    assert "A6" in await on_sale(trade), "a list of changes does not say what is gone"


async def test_numbers_that_no_shop_has_do_not_keep_a_list_from_being_read(trade: Trade) -> None:
    trade.first.sells("A0", stock=10**30, fewest=10**12, most=10**40)
    trade.first.sells("A1", stock=-5, fewest=-1, most=-3)
    assert await sync_offers(trade.market.shop) == 7
    rows = await trade.market.rows(
        "SELECT stock, fewest, most FROM supply_offers WHERE ref IN ('A0', 'A1') ORDER BY ref"
    )
    assert [tuple(row.values()) for row in rows] == [(ENOUGH, ENOUGH, ENOUGH), (0, 1, 0)]


async def test_what_moved_onto_a_page_that_was_read_before_is_not_gone(trade: Trade) -> None:
    """One leaves the list while it is read: whoever was first of the next page is on none of the pages."""
    seller = trade.first
    await read_list(trade.market.shop, seller.name)
    trade.market.clock.moment += FULL_EVERY
    lists = seller.list_offers

    async def one_leaves(cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        page = await lists(cursor, since=since)
        seller.offers.pop("A0", None)
        return page

    seller.list_offers = one_leaves  # type: ignore[method-assign]
    await read_list(trade.market.shop, seller.name)
    # It was there when its page was read.
    assert await on_sale(trade) == ["A0", "A1", "A2", "A3", "A4", "A5", "A6"]
    trade.market.clock.moment += FULL_EVERY
    await read_list(trade.market.shop, seller.name)
    assert await on_sale(trade) == ["A1", "A2", "A3", "A4", "A5", "A6"]


async def test_a_list_on_which_nothing_is_missing_is_read_once(trade: Trade) -> None:
    for _ in range(2):
        await read_list(trade.market.shop, "first")
        trade.market.clock.moment += FULL_EVERY
    assert [cursor for cursor, _ in trade.first.listed] == 2 * [None, "3", "6"]
