"""A list that changes while it is read, over real HTTP: nothing that is there is taken for gone, however long it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from shop_core.kernel.errors import Unknown
from shop_core.supply.supplier import Suppliers
from shop_core.supply.sync import FULL_EVERY, read_list
from suppliers.dujiao_next.adapter import PAGE_SIZE
from tests.core.builders import Market, a_market
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import FaultKind
from tests.standins.suppliers.server import running_supplier
from tests.suppliers.contract import TLS, MovedClock, now
from tests.suppliers.drivers.dujiao_next import DRIVER

FIRST = 5000
COUNT = 3 * PAGE_SIZE
THERE = COUNT + 3
"""With what every stand-in has."""
MORE = PAGE_SIZE + 1
GONE = PAGE_SIZE + 50


class Busy(httpx.AsyncHTTPTransport):
    """Calls a site, and has something happen there after one of the calls."""

    def __init__(self) -> None:
        super().__init__(verify=TLS)
        self.calls = 0
        self.happens: tuple[int, Callable[[], object]] | None = None

    def after(self, calls: int, happens: Callable[[], object]) -> None:
        self.calls, self.happens = 0, (calls, happens)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        response = await super().handle_async_request(request)
        await response.aread()
        if self.happens is not None and self.happens[0] == self.calls:
            self.happens[1]()
            self.happens = None
        return response


@dataclass
class Reading:
    """A market whose only supplier is a busy site, its list read once."""

    market: Market
    site: SupplierControl
    busy: Busy

    async def again(self) -> int:
        """Read the whole list once more. Returns how many offers are on sale then."""
        self.market.clock.moment += FULL_EVERY
        await read_list(self.market.shop, "dj")
        return await self.on_sale()

    async def on_sale(self) -> int:
        return int(await self.market.one("SELECT count(*) FROM supply_offers WHERE on_sale"))


@pytest.fixture
async def reading(sqlite_url: str) -> AsyncIterator[Reading]:
    busy = Busy()
    with running_supplier("dujiao_next") as site:
        site.stock_up(FIRST, COUNT)
        async with httpx.AsyncClient(transport=busy) as client:
            supplier = DRIVER.supplier(site.base_url, client, MovedClock())
            async with a_market(sqlite_url, suppliers=Suppliers({supplier.name: supplier})) as market:
                market.clock.moment = now()
                assert await read_list(market.shop, "dj") == THERE
                yield Reading(market, site, busy)


async def test_what_comes_and_goes_while_a_list_is_read_is_not_lost(reading: Reading) -> None:
    site = reading.site
    reading.busy.after(2, lambda: site.stock_up(FIRST + COUNT, MORE))
    assert await reading.again() == THERE + MORE

    def take_off_sale() -> None:
        for number in range(FIRST, FIRST + GONE):
            site.goods(str(number), on_sale=False)

    reading.busy.after(2, take_off_sale)
    await reading.again()
    # Those behind have moved up meanwhile, onto a page that was read before: none of them is taken for gone.
    behind = await reading.market.one(
        "SELECT count(*) FROM supply_offers WHERE on_sale AND substr(ref, 6) >= :first",
        first=str(FIRST + GONE),
    )
    assert behind == COUNT + MORE - GONE
    assert await reading.again() == THERE + MORE - GONE


async def test_a_page_that_breaks_takes_nothing_for_gone(reading: Reading) -> None:
    reading.site.goods(str(FIRST), on_sale=False)
    faults: tuple[FaultKind, ...] = ("half_body", "error_500")
    for fault in faults:
        reading.busy.after(1, partial(reading.site.fail_next, fault, "/products", times=2))
        with pytest.raises(Unknown):
            await reading.again()
        assert await reading.on_sale() == THERE
        reading.site.reset()
        reading.site.stock_up(FIRST, COUNT)
        reading.site.goods(str(FIRST), on_sale=False)
    assert await reading.again() == THERE - 1


async def test_a_site_that_lists_fewer_than_it_says_is_not_believed(reading: Reading) -> None:
    page = {"ok": True, "total": 2 * PAGE_SIZE, "items": []}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Unknown):
            await DRIVER.supplier("https://up.example.com", client, MovedClock()).list_offers()
    assert await reading.on_sale() == THERE
