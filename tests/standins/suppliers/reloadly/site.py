"""``/auth``, ``/giftcards`` and ``/topups`` for the hosts ``auth``, ``giftcards`` and ``topups`` of ``reloadly.com``.

Options: ``bare`` (lists are bare, not tables with ``content``), ``ignores_pages``, ``ignores_filter`` (the gift cards'
report takes no ``customIdentifier``, as in its document), ``statuses`` (state → status), ``as_numbers`` (codes are JSON
numbers), ``one_card`` (a single card is no list), ``discount`` (percent), ``zone_h`` (hours that its clock on the wall is
ahead of UTC), ``lives_s`` (of a token), ``forget_tokens`` (the next call's token is not known any more), ``is_deaf`` (no
token ever is).
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

KEY, SECRET, TOKEN = "rld-client", "rld-s3cret-of-the-client", "rld-t0ken"
CURRENCY = "CNY"
FEE = 50
PAGE_LIMIT = 200
DIGITS_AT_LEAST = 6

_STATUSES = {"pending": "PROCESSING", "done": "SUCCESSFUL", "failed": "REFUNDED", "partial": "SUCCESSFUL"}
_SAID = {
    "goods": (None, "Product not found"),
    "off_sale": ("PRODUCT_UNAVAILABLE", "Product is currently unavailable"),
    "stock": (None, "Product is out of stock"),
    "balance": ("INSUFFICIENT_BALANCE", "Account balance is not enough for this transaction"),
    "quantity": (None, "Quantity must be at least one"),
    "number": (None, "This customIdentifier has already been used"),
}

Page = Callable[[Request], Awaitable[Response]]


class ReloadlyHosts:
    """One account. A card is a product of one fixed amount; a top-up is an operator with one."""

    def __init__(self) -> None:
        self.world = World()
        self.tokens: dict[str, tuple[str, float]] = {}
        self.given = 0

    def routes(self) -> list[Route]:
        gifts, topups = "/giftcards", "/topups"
        return [
            Route("/auth/oauth/token", self._token, methods=["POST"]),
            self._route(gifts, "/products", self._products),
            self._route(gifts, "/products/{id}", self._product),
            self._route(gifts, "/orders", self._order, "POST"),
            self._route(gifts, "/orders/transactions/{id}/cards", self._cards),
            self._route(gifts, "/reports/transactions", self._gift_report),
            self._route(gifts, "/reports/transactions/{id}", self._gift_transaction),
            self._route(topups, "/operators", self._operators),
            self._route(topups, "/operators/{id}", self._operator),
            self._route(topups, "/topups", self._top_up, "POST"),
            self._route(topups, "/topups/reports/transactions", self._airtime_report),
            self._route(topups, "/accounts/balance", self._balance),
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter | None:  # noqa: ARG002 - it tells nothing
        return None

    def is_heard(self, status: int, body: bytes) -> bool:  # noqa: ARG002 - it tells nothing
        return True

    # -------------------------------------------------------------------------------------------------- tokens

    async def _token(self, request: Request) -> Response:
        told = await request.json()
        is_ours = (told.get("client_id"), told.get("client_secret")) == (KEY, SECRET)
        if not is_ours or told.get("grant_type") != "client_credentials":
            return _no(401, "INVALID_CREDENTIALS", "Access Denied")
        self.given += 1
        text, lives_s = f"{TOKEN}-{self.given}", int(self.world.options.get("lives_s", 86400))
        self.tokens[text] = (told.get("audience", ""), time.time() + lives_s)
        told = {"access_token": text, "scope": "developer", "expires_in": lives_s, "token_type": "Bearer"}
        return JSONResponse(told)

    def _route(self, host: str, path: str, page: Page, method: str = "GET") -> Route:
        async def checked(request: Request) -> Response:
            if self.world.options.pop("forget_tokens", False):
                self.tokens.clear()
            text = request.headers.get("Authorization", "").removeprefix("Bearer ")
            audience, until = self.tokens.get(text, ("", 0.0))
            is_deaf = self.world.options.get("is_deaf")
            is_for_us = audience.endswith((host, f"/{host[1:]}.reloadly.com"))
            if is_deaf or not is_for_us or until < time.time():
                said = "Full authentication is required to access this resource"
                return _no(401, "INVALID_TOKEN", said)
            kind = "giftcards" if host == "/giftcards" else "topups"
            if request.headers.get("Accept") != f"application/com.reloadly.{kind}-v1+json":
                return _no(406, None, "Not acceptable")
            return await page(request)

        return Route(host + path, checked, methods=[method])

    # ----------------------------------------------------------------------------------------------- gift cards

    async def _products(self, request: Request) -> Response:
        return self._listed(request, [self._as_product(it) for it in self._on_sale("card")])

    async def _product(self, request: Request) -> Response:
        found = [it for it in self._on_sale("card") if it.id == request.path_params["id"]]
        return JSONResponse(self._as_product(found[0])) if found else _no(404, None, "Product not found")

    async def _order(self, request: Request) -> Response:
        told = await request.json()
        goods = self.world.goods.get(str(told.get("productId")))
        if not isinstance(told.get("senderName"), str) or not isinstance(told.get("productId"), int):
            return _no(400, None, "Bad request")
        if goods and round(told["unitPrice"] * 100) != _face(goods):
            return _no(400, None, "Invalid price. Please ensure you selected the right price.")
        sold = self._sell(told["customIdentifier"], str(told["productId"]), told["quantity"], {})
        return JSONResponse(self._as_gift(sold)) if isinstance(sold, Order) else sold

    async def _cards(self, request: Request) -> Response:
        order = self.world.orders.get(request.path_params["id"])
        if order is None or not order.codes:
            return _no(404, None, "Invalid transaction id")
        is_number = self.world.options.get("as_numbers")
        cards = [
            {"cardNumber": int(code) if is_number else code, "pinCode": 5821 if is_number else None}
            for code in order.codes
        ]
        is_one = self.world.options.get("one_card") and len(cards) == 1
        return JSONResponse(cards[0] if is_one else cards)

    async def _gift_report(self, request: Request) -> Response:
        start, end = (request.query_params.get(name, "") for name in ("startDate", "endDate"))
        number = request.query_params.get("customIdentifier", "")
        told = [self._as_gift(order) for order in self._orders("card")]
        found = [it for it in told if start <= it["transactionCreatedTime"] <= end]
        if number and not self.world.options.get("ignores_filter"):
            found = [it for it in found if it["customIdentifier"] == number]
        return self._listed(request, found)

    async def _gift_transaction(self, request: Request) -> Response:
        order = self.world.orders.get(request.path_params["id"])
        said = "Could not retrieve/update resources at the moment, please try again later"
        return JSONResponse([self._as_gift(order)]) if order else _no(404, None, said)

    # -------------------------------------------------------------------------------------------------- airtime

    async def _operators(self, request: Request) -> Response:
        return self._listed(request, [self._as_operator(it) for it in self._on_sale("top_up")])

    async def _operator(self, request: Request) -> Response:
        found = [it for it in self._on_sale("top_up") if it.id == request.path_params["id"]]
        said = "Operator not found for given id"
        return JSONResponse(self._as_operator(found[0])) if found else _no(404, None, said)

    async def _top_up(self, request: Request) -> Response:
        told = await request.json()
        goods, phone = self.world.goods.get(str(told.get("operatorId"))), told.get("recipientPhone", {})
        number = str(phone.get("number", ""))
        if phone.get("countryCode") != "CN" or not number.isdecimal() or len(number) < DIGITS_AT_LEAST:
            return _no(400, "INVALID_RECIPIENT_PHONE", "Recipient phone number is not valid")
        if goods and round(told["amount"] * 100) != goods.price:
            return _no(400, None, "Invalid amount for this operator")
        sold = self._sell(told["customIdentifier"], str(told["operatorId"]), 1, {"phone": number})
        return JSONResponse(self._as_airtime(sold)) if isinstance(sold, Order) else sold

    async def _airtime_report(self, request: Request) -> Response:
        asked = request.query_params
        start, end = asked.get("startDate", ""), asked.get("endDate", "9")
        number = asked.get("customIdentifier", "")
        told = [self._as_airtime(order) for order in self._orders("top_up")]
        found = [it for it in told if start <= it["transactionDate"] <= end]
        return self._listed(request, [it for it in found if number in {"", it["customIdentifier"]}])

    async def _balance(self, _: Request) -> Response:
        told = {"balance": self.world.balance / 100, "currencyCode": CURRENCY, "currencyName": "Yuan"}
        return JSONResponse({**told, "updatedAt": "2026-11-28 08:00:00"})

    # ---------------------------------------------------------------------------------------------------- shared

    def _sell(self, number: str, goods_id: str, quantity: int, inputs: dict[str, str]) -> Order | Response:
        try:
            return self.world.buy(number, goods_id, quantity, inputs=inputs)
        except Refusal as refusal:
            return _no(400, *_SAID[refusal.why])

    def _on_sale(self, kind: str) -> list[Goods]:
        return [goods for goods in self.world.goods.values() if goods.kind == kind and goods.on_sale]

    def _orders(self, kind: str) -> list[Order]:
        orders = self.world.orders.values()
        return [order for order in orders if self.world.goods[order.goods].kind == kind]

    def _listed(self, request: Request, items: list[dict[str, Any]]) -> Response:
        options = self.world.options
        page, size = int(request.query_params.get("page", "1")), int(request.query_params.get("size", "200"))
        size = min(size, PAGE_LIMIT)
        shown = items if options.get("ignores_pages") else items[(page - 1) * size : page * size]
        if options.get("bare"):
            return JSONResponse(shown)
        pages = max(1, -(-len(items) // size))
        table = {"content": shown, "totalPages": pages, "number": page - 1, "last": page >= pages}
        return JSONResponse(table)

    def _as_product(self, goods: Goods) -> dict[str, Any]:
        face = f"{_face(goods) / 100:.2f}"
        percent = float(self.world.options.get("discount", 0))
        price = (goods.price - FEE) / 100 / (1 - percent / 100)
        return {
            "productId": int(goods.id),
            "productName": goods.name,
            "global": False,
            "senderFee": FEE / 100,
            "discountPercentage": percent,
            "denominationType": "FIXED",
            "recipientCurrencyCode": "USD",
            "minRecipientDenomination": None,
            "maxRecipientDenomination": None,
            "senderCurrencyCode": CURRENCY,
            "fixedRecipientDenominations": [float(face)],
            "fixedSenderDenominations": [price],
            "fixedRecipientToSenderDenominationsMap": [{face: round(price, 4)}],
            "brand": {"brandId": 1, "brandName": goods.name},
            "country": {"isoName": "US", "name": "United States"},
        }

    def _as_operator(self, goods: Goods) -> dict[str, Any]:
        return {
            "id": int(goods.id),
            "operatorId": int(goods.id),
            "name": goods.name,
            "bundle": False,
            "data": False,
            "pin": False,
            "denominationType": "FIXED",
            "senderCurrencyCode": CURRENCY,
            "destinationCurrencyCode": "CNY",
            "internationalDiscount": 4.42,
            "localDiscount": 0.0,
            "country": {"isoName": "CN", "name": "China"},
            "fixedAmounts": [goods.price / 100],
        }

    def _as_gift(self, order: Order) -> dict[str, Any]:
        goods = self.world.goods[order.goods]
        return {
            "transactionId": int(order.ref),
            "amount": order.cost / 100,
            "discount": 0,
            "currencyCode": CURRENCY,
            "fee": FEE / 100,
            "customIdentifier": order.number,
            "status": self._status(order),
            "product": {"productId": int(goods.id), "quantity": order.quantity},
            "smsFee": 0,
            "transactionCreatedTime": self._time(order),
        }

    def _as_airtime(self, order: Order) -> dict[str, Any]:
        return {
            "transactionId": int(order.ref),
            "status": self._status(order),
            "operatorTransactionId": f"OP{order.ref}:OrderConfirmed",
            "customIdentifier": order.number,
            "recipientPhone": int(order.inputs["phone"]),
            "discount": 2.00,
            "requestedAmount": order.cost / 100 + 2,
            "requestedAmountCurrencyCode": CURRENCY,
            "transactionDate": self._time(order),
            "pinDetail": None,
        }

    def _status(self, order: Order) -> str:
        told: str = {**_STATUSES, **self.world.options.get("statuses", {})}[order.state]
        return told

    def _time(self, order: Order) -> str:
        seconds = order.made_at + 3600 * float(self.world.options.get("zone_h", 0))
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _face(goods: Goods) -> int:
    return goods.face or goods.price


def _no(status: int, code: str | None, message: str) -> Response:
    told = {"timeStamp": "2026-11-28 08:00:00", "message": message, "path": "/", "errorCode": code}
    body = json.dumps({**told, "infoLink": None, "details": []})
    return Response(body, status_code=status, media_type="application/json")
