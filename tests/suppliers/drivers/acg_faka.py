"""acg-faka under the contract."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.acg_faka.adapter import AcgFakaSupplier
from suppliers.acg_faka.settings import AcgFakaSettings
from tests.standins.suppliers.acg_faka.shop import APP_ID, APP_KEY
from tests.suppliers.contract import Driver


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "acg", "base_url": base_url, "key": APP_ID, "secret": Secret(APP_KEY), **changes}
        return AcgFakaSupplier(AcgFakaSettings(**given), client, clock)

    def ref(self, goods: str) -> str:
        return f"{int(goods):016X}"


DRIVER = _Driver(
    protocol="acg_faka",
    secrets=(APP_KEY,),
    place_path="/trade",
    query_path="/query/",
    fails_later=False,
    page_count=0,
)
