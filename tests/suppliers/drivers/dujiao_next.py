"""dujiao-next under the contract."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.dujiao_next.adapter import DujiaoNextSupplier
from suppliers.dujiao_next.settings import DujiaoNextSettings
from tests.standins.suppliers.dujiao_next.site import KEY, SECRET
from tests.suppliers.contract import Driver


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "dj", "base_url": base_url, "key": KEY, "secret": Secret(SECRET), **changes}
        return DujiaoNextSupplier(DujiaoNextSettings(**given), client, clock)

    def ref(self, goods: str) -> str:
        return f"{int(goods) + 1000}:{goods}"


DRIVER = _Driver(
    protocol="dujiao_next",
    secrets=(SECRET,),
    place_path="/orders",
    query_path="/orders/",
    checks_clock=True,
    can_be_partial=True,
)
