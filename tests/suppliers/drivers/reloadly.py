"""Reloadly under the contract."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.reloadly.adapter import ReloadlySupplier
from suppliers.reloadly.settings import Hosts, ReloadlySettings
from tests.standins.suppliers.reloadly.site import CURRENCY, KEY, SECRET, TOKEN
from tests.standins.suppliers.world import CARD, LATER, TOP_UP
from tests.suppliers.contract import Driver


def hosts_at(base_url: str) -> Hosts:
    return Hosts(f"{base_url}/auth", f"{base_url}/giftcards", f"{base_url}/topups")


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "rl", "key": KEY, "secret": Secret(SECRET), "currency": CURRENCY, **changes}
        return ReloadlySupplier(ReloadlySettings(hosts=hosts_at(base_url), **given), client, clock)

    def ref(self, goods: str) -> str:
        known = {CARD: "g/101/15", LATER: "g/102/58", TOP_UP: "t/103/49.3/CN"}
        return known.get(goods, f"g/{goods}/1")


DRIVER = _Driver(
    protocol="reloadly",
    secrets=(SECRET, TOKEN),
    place_path="/giftcards/orders",
    query_path="/reports/transactions",
    account_field="phone",
    fails_later=False,
    page_count=220,
)
