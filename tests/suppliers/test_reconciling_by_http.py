"""A day of a supplier's list, read over real HTTP by the adapter that has one, beside what the shop bought there."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx

from shop_core.kernel.policy import SupplierTerms
from shop_core.orders.buy import work_on
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.days import bounds_of
from shop_core.reconciliation.match import Kind
from shop_core.reconciliation.read import list_days
from shop_core.reconciliation.run import reconcile
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.stated import list_stating
from shop_core.supply.supplier import Suppliers
from shop_core.supply.sync import read_list
from tests.core.builders import a_market
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD
from tests.suppliers.contract import TLS, MovedClock, now
from tests.suppliers.drivers.reloadly import DRIVER


async def test_what_was_bought_over_the_wire_stands_on_their_list_of_the_day(sqlite_url: str) -> None:
    with running_supplier(DRIVER.protocol) as site:
        async with httpx.AsyncClient(verify=TLS, trust_env=False) as client:
            supplier = DRIVER.supplier(site.base_url, client, MovedClock())
            async with a_market(sqlite_url, suppliers=Suppliers({supplier.name: supplier})) as market:
                market.clock.moment = now()
                assert await read_list(market.shop, supplier.name) > 0
                [offer] = await market.shop.read(find_offers, supplier.name, DRIVER.ref(CARD), limit=1)
                variant = await market.a_variant(price=offer.cost.minor * 2, codes=0)
                await market.shop.write(connect_offer, NewRoute(variant, offer.id))
                customer = await market.a_customer()
                for _ in range(2):
                    await market.an_order(customer, variant, paid=True)
                    await market.run_news()
                    for purchase in await market.shop.write(claim_purchases, 9):
                        await work_on(market.shop, purchase)
                # A third that the shop knows nothing of.
                await supplier.place(DRIVER.card("P4RT8WZC"))
                # The stand-in's day is that of UTC, as Reloadly's is in the config.
                terms = {supplier.name: SupplierTerms(timezone="UTC")}
                known = market.shop.get(Suppliers)
                market.shop._services[Counterparts] = Counterparts(list_stating(known, terms))
                market.clock.moment = bounds_of(now().date(), ZoneInfo("UTC"))[1] + timedelta(hours=2)
                await reconcile(market.shop)
                opened = [dict(day.open) for day in await market.shop.read(list_days, 9)]
                assert opened == [{Kind.MATCHED: 2, Kind.THEIRS_ONLY: 1}]
                assert await market.verify() == []
