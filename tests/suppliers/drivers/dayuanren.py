"""dayuanren under the contract: an adapter that is a file."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.declarative.adapter import DeclarativeSupplier
from suppliers.declarative.file import shipped
from suppliers.declarative.settings import DeclarativeSettings
from tests.standins.suppliers.dayuanren.site import KEY, USER
from tests.suppliers.contract import Driver

PROTOCOL = shipped("dayuanren")


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "it", "base_url": base_url, "key": USER, "secret": Secret(KEY), **changes}
        return DeclarativeSupplier(DeclarativeSettings(protocol=PROTOCOL, **given), client, clock)


DRIVER = _Driver(
    protocol="dayuanren",
    secrets=(KEY,),
    place_path="/recharge",
    query_path="/check",
    has_cards=False,
    account_field="mobile",
    can_be_partial=True,
    page_count=0,
)
