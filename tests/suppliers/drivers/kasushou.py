"""卡速售 under the contract."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.kasushou.adapter import KasushouSupplier
from suppliers.kasushou.settings import KasushouSettings
from tests.standins.suppliers.kasushou.site import APIKEY, USER_ID
from tests.suppliers.contract import HOSTILE, Driver


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "kss", "base_url": base_url, "key": USER_ID, "secret": Secret(APIKEY), **changes}
        return KasushouSupplier(KasushouSettings(**given), client, clock)


DRIVER = _Driver(
    protocol="kasushou",
    secrets=(APIKEY,),
    place_path="/order/buy",
    query_path="/order/info",
    checks_clock=True,
    hostile=(*HOSTILE, "two\nlines", " spaces "),
    account_field="recharge_account",
    can_be_partial=True,
    lists_inputs=False,
)
