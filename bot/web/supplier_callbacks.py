"""Where suppliers tell us about purchases: verify, store, only then answer."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.web.callbacks import Outcome
from bot.web.form import BadForm, read_raw
from bot.web.told import store_told
from shop_core.db.shop import Shop
from shop_core.supply.supplier import ForgedSupplierCallback, NoSuchSupplier, Suppliers
from shop_core.vault.vault import Vault

UNKNOWN_SUPPLIER: Final = "unknown"
"""What a supplier that is not set up is counted as: a stranger cannot add names to our metrics."""
LARGEST_CALLBACK: Final = 256 * 1024
"""Bytes of a body: some bring codes along, a hundred of the longest."""

_REFUSED: Final = "fail"

_log = structlog.get_logger(__name__)


class SupplierCallbacks:
    """Endpoint of ``/suppliers/{name}/callback``.

    A repeat is stored once and answered as the first time. What it means is decided later, from the inbox.
    """

    def __init__(self, shop: Shop, count: Callable[[str, Outcome], None]) -> None:
        """Take the shop, and what counts each callback by supplier and outcome."""
        self._shop = shop
        self._count = count

    def route(self) -> Route:
        return Route("/suppliers/{name}/callback", self.receive, methods=["GET", "POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one callback: the supplier's own word once it is stored, ``fail`` if it proves nothing."""
        name = request.path_params["name"]
        try:
            supplier = self._shop.get(Suppliers).get(name)
            raw = await read_raw(request, at_most=LARGEST_CALLBACK)
            told = supplier.read_callback(raw)
        except NoSuchSupplier:
            return self._refuse(UNKNOWN_SUPPLIER, Outcome.NO_SUPPLIER, HTTPStatus.NOT_FOUND)
        except BadForm as error:
            return self._refuse(name, Outcome.MALFORMED, error.status)
        except ForgedSupplierCallback:
            return self._refuse(name, Outcome.FORGED, HTTPStatus.BAD_REQUEST)
        is_new = await self._shop.write(store_told, name, raw, told, self._shop.get(Vault))
        self._count(name, Outcome.STORED if is_new else Outcome.REPEATED)
        return PlainTextResponse(supplier.callback_answer)

    def _refuse(self, name: str, outcome: Outcome, status: HTTPStatus) -> Response:
        self._count(name, outcome)
        _log.warning("supplier.callback_refused", supplier=name, outcome=outcome.value)
        return PlainTextResponse(_REFUSED, status)
