"""Where gateways tell us about money: verify, store, only then answer."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.web.form import LARGEST_FORM, BadForm, read_raw
from bot.web.notices import store_notice
from shop_core.db.shop import Shop
from shop_core.payments.gateway import ForgedCallback, Gateways, NoSuchGateway
from shop_core.vault.vault import Vault

UNKNOWN_GATEWAY: Final = "unknown"
"""What a gateway that is not set up is counted as: a stranger cannot add names to our metrics."""

_REFUSED: Final = "fail"

_log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What became of a callback."""

    STORED = "stored"
    REPEATED = "repeated"
    FORGED = "forged"
    MALFORMED = "malformed"
    NO_GATEWAY = "no_gateway"
    NO_SUPPLIER = "no_supplier"


class Callbacks:
    """Endpoint of ``/gateways/{name}/callback``.

    A repeat is stored once and answered as the first time, so a gateway may tell us anything as often as it
    likes. What the money means is decided later, from the inbox: a gateway waits for its answer a few seconds
    only.
    """

    def __init__(self, shop: Shop, count: Callable[[str, Outcome], None]) -> None:
        """Take the shop, and what counts each callback by gateway and outcome."""
        self._shop = shop
        self._count = count

    def route(self) -> Route:
        return Route("/gateways/{name}/callback", self.receive, methods=["GET", "POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one callback: the gateway's own word once it is stored, ``fail`` if it proves nothing."""
        name = request.path_params["name"]
        try:
            gateway = self._shop.get(Gateways).get(name)
            notice = gateway.read_callback(await read_raw(request, at_most=LARGEST_FORM))
        except NoSuchGateway:
            return self._refuse(UNKNOWN_GATEWAY, Outcome.NO_GATEWAY, HTTPStatus.NOT_FOUND)
        except BadForm as error:
            return self._refuse(name, Outcome.MALFORMED, error.status)
        except ForgedCallback:
            return self._refuse(name, Outcome.FORGED, HTTPStatus.BAD_REQUEST)
        is_new = await self._shop.write(store_notice, name, notice, self._shop.get(Vault))
        self._count(name, Outcome.STORED if is_new else Outcome.REPEATED)
        return PlainTextResponse(gateway.callback_answer)

    def _refuse(self, name: str, outcome: Outcome, status: HTTPStatus) -> Response:
        self._count(name, outcome)
        _log.warning("gateway.callback_refused", gateway=name, outcome=outcome.value)
        return PlainTextResponse(_REFUSED, status)
