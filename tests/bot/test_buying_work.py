"""The workers of a running process buy, and work off what suppliers tell, beside each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.told import store_told
from bot.workers import Workers
from shop_core.orders.models import OrderState
from shop_core.supply.supplier import Told
from shop_core.vault.vault import Vault
from shop_core.wire.callback import RawCallback
from tests.core.wholesaler import NOTHING, Trade, a_trade

DEADLINE_S = 60


@asynccontextmanager
async def working(trade: Trade) -> AsyncIterator[None]:
    async def draw_nothing(*_: object) -> None:
        return None

    stop = asyncio.Event()
    workers = Workers(trade.market.shop, {}, draw_nothing, Metrics.new(), Timing())
    running = asyncio.create_task(workers.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, DEADLINE_S)


async def until_all(trade: Trade, state: OrderState, count: int) -> None:
    """Wait until so many orders are in a state: what the workers do wakes them themselves."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            there = await trade.market.one(
                "SELECT count(*) AS n FROM orders WHERE state = :state", state=state.value
            )
            if there == count:
                return
            # The shop's clock stands still by itself, and a supplier's pace goes by it.
            trade.market.clock.advance(milliseconds=100)
            await asyncio.sleep(0.05)


async def test_many_paid_orders_are_bought_at_once_and_each_once(sqlite_url: str) -> None:
    async with a_trade(sqlite_url) as trade:
        variant = await trade.a_variant(trade.first)
        for _ in range(12):
            customer = await trade.market.a_customer()
            await trade.market.an_order(customer, variant, paid=True)
        async with working(trade):
            await until_all(trade, OrderState.DELIVERED, 12)
        assert len(trade.first.sales) == 12
        assert len(trade.first.placed) == 12


async def test_a_stored_callback_finishes_what_only_the_supplier_could_tell(sqlite_url: str) -> None:
    async with a_trade(sqlite_url) as trade:
        trade.first.capabilities = NOTHING
        await trade.a_paid_order(await trade.a_variant(trade.first))
        trade.first.does = ["accept_lost"]
        await trade.work()
        number = trade.first.placed[0].number
        told = Told(number, outcome=trade.first.finishes(number))
        raw = RawCallback("POST", {}, {}, {}, b"told")
        shop = trade.market.shop
        async with working(trade):
            assert await shop.write(store_told, "first", raw, told, shop.get(Vault))
            await until_all(trade, OrderState.DELIVERED, 1)
        assert await trade.market.one("SELECT count(*) AS n FROM inbox WHERE done_at IS NULL") == 0
