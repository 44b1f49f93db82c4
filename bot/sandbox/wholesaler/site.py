"""The wholesaler's pages under ``/api/v1/upstream``.

Source: dujiao-next, ``docs/api/integration-open-api.md`` (2026-04).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.sandbox.wholesaler.goods import GOODS, Goods, Manner, a_code
from bot.sandbox.wholesaler.signing import is_same, sign

BASE: Final = "/api/v1/upstream"
WINDOW_S: Final = 60
OPENING: Final = 500_000
"""What every shop has here at first, in fen."""
STOCK: Final = 88

Page = Callable[[Request], Awaitable[JSONResponse]]


@dataclass
class Order:
    """One order under the shop's own number: what it cost, and its codes."""

    id: int
    number: str
    goods: Goods
    cost: int
    codes: list[str]


@dataclass
class Wholesaler:
    """One shop's account here. A number is sold to once, however often it comes."""

    key: str
    secret: str
    manner: Manner
    balance: int = OPENING
    asked: int = 0
    orders: dict[str, Order] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def app(self) -> Starlette:
        """The pages."""
        pages: tuple[tuple[str, str, Page], ...] = (
            ("POST", "/ping", self._ping),
            ("GET", "/products", self._products),
            ("GET", "/products/{id:int}", self._product),
            ("POST", "/orders", self._place),
            ("GET", "/orders/{id:int}", self._order),
        )
        return Starlette(
            routes=[Route(BASE + path, self._checked(page), methods=[method]) for method, path, page in pages]
        )

    def price(self, goods: Goods) -> int:
        """What it takes for one, in fen."""
        return goods.price * (100 - self.manner.discount) // 100

    def _checked(self, page: Page) -> Page:
        async def checked(request: Request) -> JSONResponse:
            problem = self._problem(request, await request.body())
            return _no(401, problem) if problem else await page(request)

        return checked

    def _problem(self, request: Request, body: bytes) -> str:
        names = ("Api-Key", "Timestamp", "Signature")
        key, stamp, signature = (request.headers.get(f"Dujiao-Next-{name}", "") for name in names)
        if not (key and stamp and signature):
            return "missing_auth_headers"
        if not stamp.isdecimal() or abs(time.time() - int(stamp[:12])) > WINDOW_S:
            return "timestamp_expired"
        if key != self.key:
            return "invalid_api_key"
        right = sign(self.secret, request.method, request.url.path, stamp, body)
        return "" if is_same(right, signature) else "invalid_signature"

    async def _ping(self, _: Request) -> JSONResponse:
        return _yes(site_name="沙盒批发", protocol_version="1.0", balance=_yuan(self.balance), currency="CNY")

    async def _products(self, request: Request) -> JSONResponse:
        is_first = request.query_params.get("page", "1") == "1"
        return _yes(items=[self._as_product(goods) for goods in GOODS] if is_first else [], total=len(GOODS))

    async def _product(self, request: Request) -> JSONResponse:
        found = [goods for goods in GOODS if goods.id == request.path_params["id"]]
        return _yes(product=self._as_product(found[0])) if found else _no(404, "product_not_found")

    async def _place(self, request: Request) -> JSONResponse:
        told = await request.json()
        number, sku_id, quantity = (told.get(name) for name in ("downstream_order_no", "sku_id", "quantity"))
        found = [goods for goods in GOODS if goods.sku_id == sku_id]
        if (
            not isinstance(number, str)
            or not number
            or type(quantity) is not int
            or quantity < 1
            or not found
        ):
            return _no(400, "bad_request")
        # One at a time: the same number twice at once is one order too.
        async with self._turn:
            if number not in self.orders:
                await asyncio.sleep(self.manner.answers_after_s)
                if problem := self._sell(number, found[0], quantity):
                    return _no(*problem)
        return _yes(**self._as_order(self.orders[number]))

    def _sell(self, number: str, goods: Goods, quantity: int) -> tuple[int, str] | None:
        every = self.manner.refuses_every
        is_moody = bool(every) and self.asked % every == 0
        self.asked += 1
        if goods.is_phantom or is_moody:
            # Not that it is sold out: the shop would take it off the shelf until it has read the list again.
            return 200, "payment_failed"
        cost = self.price(goods) * quantity
        if cost > self.balance:
            return 402, "insufficient_balance"
        self.balance -= cost
        codes = [a_code() for _ in range(quantity)]
        self.orders[number] = Order(70_001 + len(self.orders), number, goods, cost, codes)
        return None

    async def _order(self, request: Request) -> JSONResponse:
        found = [order for order in self.orders.values() if order.id == request.path_params["id"]]
        return _yes(**self._as_order(found[0])) if found else _no(404, "order_not_found")

    def _as_order(self, order: Order) -> dict[str, Any]:
        return {
            "order_id": order.id,
            "order_no": f"SB{order.id}",
            "downstream_order_no": order.number,
            "status": "delivered",
            "amount": _yuan(order.cost),
            "currency": "CNY",
            "items": [{"sku_id": order.goods.sku_id, "quantity": len(order.codes)}],
            "fulfillment": {"type": "auto", "status": "delivered", "payload": "\n".join(order.codes)},
        }

    def _as_product(self, goods: Goods) -> dict[str, Any]:
        price = _yuan(self.price(goods))
        sku = {
            "id": goods.sku_id,
            "sku_code": f"S{goods.id}",
            "spec_values": {},
            "price_amount": price,
            "stock_status": "in_stock",
            "stock_quantity": STOCK,
            "is_active": True,
        }
        return {
            "id": goods.id,
            "slug": f"goods-{goods.id}",
            "title": {"zh-CN": goods.title_zh, "en": goods.title_en},
            "price_amount": price,
            "fulfillment_type": "auto",
            "manual_form_schema": {},
            "is_active": True,
            "skus": [sku],
        }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _yes(**told: Any) -> JSONResponse:  # noqa: ANN401 - JSON
    return JSONResponse({"ok": True, **told})


def _no(status: int, code: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error_code": code, "error_message": code.replace("_", " ")}, status)
