"""福禄 under the contract. How its callbacks are signed is not confirmed; here they must be."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.fulu.adapter import FuluSupplier
from suppliers.fulu.settings import FuluSettings
from tests.standins.suppliers.fulu.platform import APP_KEY, PRODUCT, SECRET
from tests.standins.suppliers.world import TOP_UP
from tests.suppliers.contract import HOSTILE, Driver


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        page = f"{base_url}/api/getway" if base_url.startswith("http://127.") else base_url
        given = {"name": "fulu", "base_url": page, "key": APP_KEY, "secret": Secret(SECRET), **changes}
        return FuluSupplier(FuluSettings(callback_sign="required", **given), client, clock)

    def wrong_key(self) -> dict[str, Any]:
        return {"secret": Secret("not-the-secret".ljust(32, "-"))}

    def ref(self, goods: str) -> str:
        return f"{'direct' if goods == TOP_UP else 'card'}:{PRODUCT + int(goods)}"


DRIVER = _Driver(
    protocol="fulu",
    secrets=(SECRET,),
    place_path=".add",
    query_path="order.info.get",
    hostile=(*HOSTILE, "two\nlines", " spaces "),
    account_field="charge_account",
    lists_inputs=False,
    page_count=0,
)
