"""The demo's shop, stocked, with a cashier that can be paid at. Import the fixture where it is wanted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

import pytest

from bot.config import Config
from bot.demo.seed import seed
from bot.demo.setting import demo_setting, free_port
from bot.outside import Outside
from bot.run import prepare_schema, serve
from bot.wiring import open_shop
from shop_core.db.shop import Shop
from shop_core.invariants.verify import verify
from shop_core.orders.models import OrderState
from shop_core.orders.read import list_latest
from shop_core.payments.gateway import Gateways

A_CODE: Final = re.compile(r"^[A-Z]{4}-\d{4}-[A-Z]{4}-\d{4}$")


@pytest.fixture
async def config() -> AsyncIterator[Config]:
    """Of the demo's shop, stocked and closed, its cashier beside it in a process of its own."""
    with demo_setting(free_port()) as setting:
        await prepare_schema(setting.config.database.url.reveal())
        shop = open_shop(setting.config, Outside(), Gateways({}, {}))
        await seed(shop, Random(7))
        await shop.database.close()
        yield setting.config


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Shop]:
    """The shop, open as ``kapu run`` opens it; when it closes, its books are whole."""
    stop = asyncio.Event()
    ready: asyncio.Future[Shop] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(config, Outside(), stop=stop, on_ready=lambda program, _: ready.set_result(program.shop))
    )
    try:
        either: set[asyncio.Future[Any]] = {serving, ready}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await serving
        yield ready.result()
        assert await ready.result().read(verify) == []
    finally:
        stop.set()
        await serving


async def states_of(shop: Shop) -> Sequence[OrderState]:
    return [order.state for order in await shop.read(list_latest, limit=10)]
