"""The site's pages under ``/api/v1/upstream``."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.dujiao_next.signing import signature
from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

KEY, SECRET = "dj-key-1", "dj-s3cret-of-the-site"
WINDOW_S = 60
BASE = "/api/v1/upstream"
CALLBACK_PATH = "/api/v1/upstream/callback"

_STATUS = {
    "pending": "fulfilling",
    "done": "delivered",
    "failed": "refunded",
    "partial": "partially_refunded",
}
_REFUSALS = {
    "goods": (404, "product_not_found"),
    "off_sale": (400, "product_unavailable"),
    "stock": (409, "insufficient_stock"),
    "balance": (402, "insufficient_balance"),
    "quantity": (400, "bad_request"),
}

Page = Callable[[Request], Awaitable[JSONResponse]]


class DujiaoSite:
    """Sells one SKU of each product; the SKU has the goods' number, the product that plus 1000."""

    def __init__(self) -> None:
        self.world = World()

    def routes(self) -> list[Route]:
        return [
            Route(f"{BASE}/ping", self._signed(self._ping), methods=["POST"]),
            Route(f"{BASE}/products", self._signed(self._products)),
            Route(f"{BASE}/products/{{id}}", self._signed(self._product)),
            Route(f"{BASE}/orders", self._signed(self._place), methods=["POST"]),
            Route(f"{BASE}/orders/{{id}}", self._signed(self._order)),
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter:
        told: dict[str, Any] = {
            "event": "order.fulfilled" if order.state == "done" else "order.status_changed",
            "order_id": int(order.ref),
            "order_no": f"DJ{order.ref}",
            "downstream_order_no": order.number,
            "status": _STATUS[order.state],
            "timestamp": int(self.world.now()),
        }
        if order.codes:
            told["fulfillment"] = _fulfillment(order)
        body = json.dumps(told, ensure_ascii=False).encode()
        timestamp = str(int(self.world.now()))
        secret = "guessed" if is_forged else SECRET
        headers = {
            "Content-Type": "application/json",
            "Dujiao-Next-Api-Key": KEY,
            "Dujiao-Next-Timestamp": timestamp,
            "Dujiao-Next-Signature": signature(secret, "POST", CALLBACK_PATH, timestamp, body),
        }
        return Letter("POST", headers, body)

    def is_heard(self, status: int, body: bytes) -> bool:
        try:
            return status == 200 and json.loads(body).get("ok") is True
        except (ValueError, AttributeError):
            return False

    def _signed(self, page: Page) -> Page:
        async def checked(request: Request) -> JSONResponse:
            body = await request.body()
            problem = self._problem(request, body)
            return _no(401, problem) if problem else await page(request)

        return checked

    def _problem(self, request: Request, body: bytes) -> str:
        given = [
            request.headers.get(f"Dujiao-Next-{name}", "") for name in ("Api-Key", "Timestamp", "Signature")
        ]
        key, timestamp, signed = given
        if not all(given):
            return "missing_auth_headers"
        if not timestamp.isdecimal():
            return "invalid_timestamp"
        if abs(self.world.now() - int(timestamp)) > WINDOW_S:
            return "timestamp_expired"
        if key != KEY:
            return "invalid_api_key"
        right = signature(SECRET, request.method, request.url.path, timestamp, body)
        return "" if hmac.compare_digest(right, signed) else "invalid_signature"

    async def _ping(self, _: Request) -> JSONResponse:
        told = {"site_name": "独角数卡", "protocol_version": "1.0", "user_id": 7, "member_level": None}
        return _yes(**told, balance=_yuan(self.world.balance), currency="CNY")

    async def _products(self, request: Request) -> JSONResponse:
        page = int(request.query_params.get("page", "1"))
        size = min(int(request.query_params.get("page_size", "20")), 100)
        listed = [goods for goods in self.world.goods.values() if goods.on_sale]
        shown = listed[(page - 1) * size : page * size]
        return _yes(items=[self._as_product(goods) for goods in shown], total=len(listed))

    async def _product(self, request: Request) -> JSONResponse:
        goods = self.world.goods.get(str(int(request.path_params["id"]) - 1000))
        if goods is None or not goods.on_sale:
            return _no(404, "product_not_found")
        return _yes(product=self._as_product(goods))

    async def _place(self, request: Request) -> JSONResponse:
        told = await request.json()
        number = told.get("downstream_order_no", "")
        known = self.world.by_number(number)
        if known:
            return _yes(**self._as_placed(known))
        if not number or not isinstance(told.get("sku_id"), int):
            return _no(400, "bad_request")
        try:
            order = self.world.buy(
                number,
                str(told["sku_id"]),
                told["quantity"],
                inputs=told.get("manual_form_data"),
                callback_url=told.get("callback_url") or "",
            )
        except Refusal as refusal:
            return _no(*_REFUSALS[refusal.why])
        return _yes(**self._as_placed(order))

    async def _order(self, request: Request) -> JSONResponse:
        order = self.world.orders.get(request.path_params["id"])
        if order is None:
            return _no(404, "order_not_found")
        told: dict[str, Any] = self._as_placed(order)
        told["items"] = [{"sku_id": int(order.goods), "quantity": order.quantity}]
        if order.codes:
            told["fulfillment"] = _fulfillment(order)
        if order.returned:
            told["refunded_amount"] = _yuan(order.returned)
        return _yes(**told)

    def _as_placed(self, order: Order) -> dict[str, Any]:
        return {
            "order_id": int(order.ref),
            "order_no": f"DJ{order.ref}",
            "status": _STATUS[order.state],
            "amount": _yuan(order.cost),
            "currency": "CNY",
        }

    def _as_product(self, goods: Goods) -> dict[str, Any]:
        is_form = goods.kind == "top_up"
        account = {
            "key": "account",
            "type": "phone",
            "required": True,
            "label": {"zh-CN": "手机号", "en": "Phone"},
        }
        return {
            "id": int(goods.id) + 1000,
            "slug": f"goods-{goods.id}",
            "title": {"zh-CN": goods.name, "en": f"Goods {goods.id}"},
            "description": {},
            "price_amount": _yuan(goods.price),
            "fulfillment_type": "manual" if goods.is_later else "auto",
            "manual_form_schema": {"fields": [account]} if is_form else {},
            "is_active": True,
            "category_id": 1,
            "skus": [self._as_sku(goods)],
            "updated_at": "2026-11-01T00:00:00Z",
        }

    def _as_sku(self, goods: Goods) -> dict[str, Any]:
        left = goods.stock
        named = "in_stock" if left > 20 else "low_stock" if left else "out_of_stock"
        is_endless = goods.kind == "top_up"
        return {
            "id": int(goods.id),
            "sku_code": f"S{goods.id}",
            "spec_values": {},
            "price_amount": _yuan(goods.price),
            "stock_status": "unlimited" if is_endless else named,
            "stock_quantity": -1 if is_endless else left,
            "is_active": True,
        }


def _fulfillment(order: Order) -> dict[str, Any]:
    return {"type": "auto", "status": "delivered", "payload": "\n".join(order.codes), "delivery_data": {}}


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _yes(**told: Any) -> JSONResponse:
    return JSONResponse({"ok": True, **told})


def _no(status: int, code: str) -> JSONResponse:
    told = {"ok": False, "error_code": code, "error_message": code.replace("_", " ")}
    return JSONResponse(told, status_code=status)
