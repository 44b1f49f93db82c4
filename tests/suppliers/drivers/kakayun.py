"""kakayun under the contract: an adapter that is a file."""

from typing import Any

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Supplier
from suppliers.declarative.adapter import DeclarativeSupplier
from suppliers.declarative.file import shipped
from suppliers.declarative.settings import DeclarativeSettings
from tests.standins.suppliers.kakayun.site import KEY, USER
from tests.suppliers.contract import Driver

PROTOCOL = shipped("kakayun")


class _Driver(Driver):
    def supplier(self, base_url: str, client: httpx.AsyncClient, clock: Clock, **changes: Any) -> Supplier:
        given = {"name": "it", "base_url": base_url, "key": USER, "secret": Secret(KEY), **changes}
        return DeclarativeSupplier(DeclarativeSettings(protocol=PROTOCOL, **given), client, clock)


DRIVER = _Driver(
    protocol="kakayun",
    secrets=(KEY,),
    place_path="/buy",
    query_path="/queryorder",
    account_field="1",
    can_be_partial=True,
)
