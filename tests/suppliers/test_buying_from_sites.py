"""The shop buys through every real adapter, over real HTTP, while the wire breaks: delivered once, or a person is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from shop_core.cases.cases import CaseKind, list_subjects
from shop_core.db.claims import Fenced
from shop_core.orders.buy import work_on
from shop_core.orders.models import OrderState
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.supplier import Suppliers
from shop_core.supply.sync import read_list
from tests.core.builders import Market, a_market
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import FaultKind
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD
from tests.suppliers.contract import TLS, Driver, MovedClock, all_drivers, now

DRIVERS = [driver for driver in all_drivers() if driver.has_cards]
FAULTS: list[FaultKind | None] = [None, "drop_before", "drop_after", "error_500_after"]


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.protocol)
def driver(request: pytest.FixtureRequest) -> Driver:
    chosen: Driver = request.param
    return chosen


@pytest.fixture
def site(driver: Driver) -> Iterator[SupplierControl]:
    with running_supplier(driver.protocol) as running:
        yield running


@pytest.fixture
async def market(driver: Driver, site: SupplierControl, sqlite_url: str) -> AsyncIterator[Market]:
    async with httpx.AsyncClient(verify=TLS, trust_env=False) as client:
        supplier = driver.supplier(site.base_url, client, MovedClock())
        async with a_market(sqlite_url, suppliers=Suppliers({supplier.name: supplier})) as made:
            made.clock.moment = now()
            yield made


async def connected(market: Market, driver: Driver) -> int:
    """A variant that is bought at the site, found on its list."""
    [name] = market.shop.policy.suppliers
    assert await read_list(market.shop, name) > 0
    [offer] = await market.shop.read(find_offers, name, driver.ref(CARD), limit=1)
    variant = await market.a_variant(price=offer.cost.minor * 2, codes=0)
    await market.shop.write(connect_offer, NewRoute(variant, offer.id))
    return variant


async def work(market: Market, *, minutes: int) -> None:
    """Let workers work for so long."""
    for _ in range(minutes):
        for purchase in await market.shop.write(claim_purchases, 9):
            try:
                await work_on(market.shop, purchase)
            except Fenced:
                continue
        market.clock.advance(minutes=1)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_whatever_the_wire_does_one_paid_order_is_bought_once(
    market: Market, driver: Driver, site: SupplierControl, fault: FaultKind | None
) -> None:
    variant = await connected(market, driver)
    customer = await market.a_customer()
    opening = site.balance
    order = await market.an_order(customer, variant, paid=True)
    await market.run_news()
    if fault is not None:
        site.fail_next(fault, driver.place_path)
    await work(market, minutes=15)
    state = (await market.look(order.number)).state
    asked = await market.shop.read(list_subjects, CaseKind.PURCHASE)
    assert site.purchases <= 1
    if state is OrderState.DELIVERED:
        assert asked == []
        assert site.purchases == 1
        [code] = await market.codes_of(customer, order.number)
        assert code
        booked = await market.one("SELECT sum(booked_minor) AS booked FROM purchases")
        assert booked == opening - site.balance
    elif state is OrderState.PAID:
        assert asked, "nobody knows, and nobody is asked"
    else:
        assert state is OrderState.REFUNDED
        assert site.purchases == 0
        assert fault == "drop_before"
    assert fault is not None or state is OrderState.DELIVERED
