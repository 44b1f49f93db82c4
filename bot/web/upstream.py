"""The dujiao-next Open API, served to other shops: what they can buy, buying it, and what became of that.

Source: dujiao-next, ``docs/api/integration-open-api.md`` (2026-04). Beyond it: a question by the other shop's own number,
``GET /orders/by-downstream/{number}``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.web.form import BadForm, read_body
from bot.web.upstream_goods import list_page, one_product
from bot.web.upstream_order import MOST, WRONG_FORM, Refused, bad, read_order
from shop_core.catalog.errors import BadInput, NoSuchProduct, NoSuchVariant, PriceChecked
from shop_core.catalog.read import list_categories
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.hand_over import SealedCode
from shop_core.kernel.errors import ShopError
from shop_core.ledger.post import InsufficientBalance
from shop_core.orders.errors import BadQuantity, InputsNeeded, NoSuchOrder, OverPersonLimit, TooManyUnpaid
from shop_core.resale import signing, told
from shop_core.resale.keys import NoSuchReseller, ResellerView, get_reseller
from shop_core.resale.trade import (
    Resold,
    find_by_number,
    get_resold,
    look_at_goods,
    order_downstream,
)
from shop_core.stock.errors import OutOfStock
from shop_core.vault.vault import Vault
from shop_core.wallet.balance import balance_of

BASE: Final = "/api/v1/upstream"
LARGEST_REQUEST: Final = 16 * 1024
_REFUSALS: Final[Mapping[type[ShopError], tuple[HTTPStatus, str]]] = {
    NoSuchVariant: (HTTPStatus.BAD_REQUEST, "sku_unavailable"),
    PriceChecked: (HTTPStatus.BAD_REQUEST, "sku_unavailable"),
    NoSuchProduct: (HTTPStatus.NOT_FOUND, "product_not_found"),
    BadQuantity: (HTTPStatus.BAD_REQUEST, "bad_request"),
    BadInput: (HTTPStatus.BAD_REQUEST, WRONG_FORM),
    InputsNeeded: (HTTPStatus.BAD_REQUEST, WRONG_FORM),
    OverPersonLimit: (HTTPStatus.BAD_REQUEST, "product_unavailable"),
    TooManyUnpaid: (HTTPStatus.BAD_REQUEST, "product_unavailable"),
    OutOfStock: (HTTPStatus.CONFLICT, "insufficient_stock"),
    InsufficientBalance: (HTTPStatus.PAYMENT_REQUIRED, "insufficient_balance"),
    NoSuchOrder: (HTTPStatus.NOT_FOUND, "order_not_found"),
}
"""What of ours is which of the protocol's own refusals. Each of them says: nothing was bought."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that proved who sends it."""

    request: Request
    reseller: ResellerView
    body: bytes


Page = Callable[[_Call], Awaitable[dict[str, Any]]]


class Upstream:
    """The pages. Each request is proved by its key; none tells of somebody else's orders."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def routes(self) -> list[Route]:
        """All pages, under ``/api/v1/upstream``."""
        return [
            self._route("/ping", self._ping, "POST"),
            self._route("/categories", self._categories, "GET"),
            self._route("/products", self._products, "GET"),
            self._route("/products/{id:int}", self._product, "GET"),
            self._route("/orders", self._place, "POST"),
            self._route("/orders/{id:int}", self._order, "GET"),
            self._route("/orders/by-downstream/{number}", self._order_by_number, "GET"),
            self._route("/orders/{id:int}/cancel", self._cancel, "POST"),
        ]

    def _route(self, path: str, page: Page, method: str) -> Route:
        return Route(BASE + path, partial(self._answer, page), methods=[method])

    async def _answer(self, page: Page, request: Request) -> Response:
        try:
            body = await read_body(request, at_most=LARGEST_REQUEST)
            reseller = await self._who(request, body)
            return JSONResponse({"ok": True, **await page(_Call(request, reseller, body))})
        except BadForm as error:
            return _no(error.status, "bad_request")
        except Refused as no:
            return _no(no.status, no.code)
        except ShopError as error:
            status, code = _REFUSALS.get(type(error), (HTTPStatus.BAD_REQUEST, "bad_request"))
            return _no(status, code)

    async def _who(self, request: Request, body: bytes) -> ResellerView:
        """Who sends it: the key is known, the clock agrees, the signature is over exactly these bytes."""
        names = (signing.KEY, signing.TIMESTAMP, signing.SIGNATURE)
        key, stamp, signature = (request.headers.get(name, "") for name in names)
        if not (key and stamp and signature):
            raise Refused(HTTPStatus.UNAUTHORIZED, "missing_auth_headers")
        if not (stamp.isascii() and stamp.isdecimal()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "invalid_timestamp")
        if abs(self._shop.clock.now().timestamp() - int(stamp[:12])) > signing.WINDOW_S:
            raise Refused(HTTPStatus.UNAUTHORIZED, "timestamp_expired")
        try:
            reseller = await self._shop.read(get_reseller, key)
        except NoSuchReseller:
            raise Refused(HTTPStatus.UNAUTHORIZED, "invalid_api_key") from None
        secret = reseller.open_keys(self._shop.get(Vault)).secret
        right = signing.sign(secret, request.method, request.url.path, stamp, body)
        if not signing.is_same(right, signature.lower()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "invalid_signature")
        return reseller

    async def _ping(self, call: _Call) -> dict[str, Any]:
        balance = await self._shop.read(balance_of, call.reseller.person_id)
        return {
            "site_name": self._shop.policy.name,
            "protocol_version": "1.0",
            "user_id": call.reseller.person_id,
            "balance": balance.decimal_text(),
            "currency": balance.currency,
            "member_level": None,
        }

    async def _categories(self, _: _Call) -> dict[str, Any]:
        return {"categories": await self._shop.read(_all_categories)}

    async def _products(self, call: _Call) -> dict[str, Any]:
        page, size = _number(call, "page", 1), min(_number(call, "page_size", 20), 100)
        return dict(await self._shop.read(list_page, page, size))

    async def _product(self, call: _Call) -> dict[str, Any]:
        return {"product": await self._shop.read(one_product, _id(call))}

    async def _place(self, call: _Call) -> dict[str, Any]:
        return told.placed(await order_downstream(self._shop, call.reseller, read_order(call.body)))

    async def _order(self, call: _Call) -> dict[str, Any]:
        return await self._whole(call.reseller, partial(_with_id, order_id=_id(call)))

    async def _order_by_number(self, call: _Call) -> dict[str, Any]:
        number = call.request.path_params["number"]
        return await self._whole(call.reseller, partial(_with_number, number=number))

    async def _cancel(self, call: _Call) -> dict[str, Any]:
        """What is paid is on its way: who wants his money back asks staff."""
        await self._shop.read(get_resold, call.reseller, _id(call))
        raise Refused(HTTPStatus.CONFLICT, "cancel_not_allowed")

    async def _whole(self, reseller: ResellerView, find: _Find) -> dict[str, Any]:
        resold, sealed = await self._shop.write(_look, reseller, find)
        # Only now: the look is committed.
        vault = self._shop.get(Vault)
        return told.whole(resold, [code.open(vault) for code in sealed])


_Find = Callable[[Tx, ResellerView], Resold]


def _look(tx: Tx, reseller: ResellerView, find: _Find) -> tuple[Resold, list[SealedCode]]:
    resold = find(tx, reseller)
    return resold, list(look_at_goods(tx, reseller, resold))


def _with_id(tx: Tx, reseller: ResellerView, *, order_id: int) -> Resold:
    return get_resold(tx, reseller, order_id)


def _with_number(tx: Tx, reseller: ResellerView, *, number: str) -> Resold:
    found = find_by_number(tx, reseller, number)
    if found is None:
        raise NoSuchOrder
    return found


def _all_categories(view: View) -> list[dict[str, Any]]:
    """The tree, parents before what is in them."""
    found: list[dict[str, Any]] = []
    waiting: list[int | None] = [None]
    while waiting:
        parent = waiting.pop(0)
        for category in list_categories(view, parent):
            waiting.append(category.id)
            found.append(
                {
                    "id": category.id,
                    "parent_id": category.parent_id or 0,
                    "slug": f"c-{category.id}",
                    "name": dict(category.names),
                    "icon": "",
                    "sort_order": len(found),
                }
            )
    return found


def _id(call: _Call) -> int:
    wanted = int(call.request.path_params["id"])
    if wanted >= MOST**2:
        raise NoSuchOrder
    return wanted


def _number(call: _Call, name: str, usual: int) -> int:
    given = call.request.query_params.get(name, "")
    if not given:
        return usual
    if not (given.isascii() and given.isdecimal() and 0 < int(given[:10]) < MOST):
        raise bad()
    return int(given)


def _no(status: HTTPStatus, code: str) -> Response:
    said = {"ok": False, "error_code": code, "error_message": code.replace("_", " ")}
    return JSONResponse(said, status)
