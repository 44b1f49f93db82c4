"""The platform's one page; the method is in the body.

Options: ``duplicates`` is ``refuse`` (default), ``same`` or ``busy``: nobody has described what happens to a number that is
used again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.fulu.signing import encrypted, of_fields, of_text
from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

APP_KEY = "i4esv1l+76l/7NQCL3QudG90Fq+YgVfFGJAWgT+7qO1Bm9o/adG/1iwO2qXsAXNB"
SECRET = "fulus3cret0fulus3cret0fulus3cret"
PRODUCT = 10_000_000
COMMON = {
    "app_key",
    "method",
    "timestamp",
    "version",
    "format",
    "charset",
    "sign_type",
    "app_auth_token",
    "biz_content",
}

_REFUSALS = {
    "goods": (3001, "商品不存在"),
    "off_sale": (3002, "商品已下架"),
    "stock": (3003, "商品库存不足"),
    "balance": (3004, "账户余额不足"),
    "quantity": (3005, "购买数量错误"),
}
_STATES = {"pending": "processing", "done": "success", "failed": "failed"}

Told = dict[str, Any]


class FuluPlatform:
    """Sells cards and top-ups; a top-up needs a ``ChargeAccount``."""

    def __init__(self) -> None:
        self.world = World()
        self._methods: dict[str, Callable[[Told], Any]] = {
            "fulu.user.info.get": lambda _: {
                "name": "kapu",
                "balance": self.world.balance / 100,
                "is_open": 1,
            },
            "fulu.goods.list.get": lambda _: [_as_product(goods) for goods in self.world.goods.values()],
            "fulu.goods.info.get": lambda told: _as_product(self._goods(told)),
            "fulu.goods.template.get": lambda told: _template(told["template_id"]),
            "fulu.order.card.add": self._add,
            "fulu.order.direct.add": self._add,
            "fulu.order.info.get": self._order,
        }

    def routes(self) -> list[Route]:
        return [Route("/api/getway", self._call, methods=["POST"])]

    def letter(self, order: Order, *, is_forged: bool) -> Letter:
        told: Told = {
            "order_id": order.ref,
            "customer_order_no": order.number,
            "charge_finish_time": "2026-11-28 12:00:00",
            "order_status": _STATES[order.state],
            "recharge_description": "充值/成功",
            "product_id": str(PRODUCT + int(order.goods)),
            "price": f"{order.cost / 100:.4f}",
            "buy_num": str(order.quantity),
            "operator_serial_number": "",
        }
        told["sign"] = of_fields(told, "guessed" if is_forged else SECRET)
        return Letter(
            "POST", {"Content-Type": "application/json"}, json.dumps(told, ensure_ascii=False).encode()
        )

    def is_heard(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"success"

    async def _call(self, request: Request) -> JSONResponse:
        told = await request.json()
        if set(told) != COMMON | {"sign"} or any(not isinstance(value, str) for value in told.values()):
            return _answer(1001, "公共参数错误")
        if told["app_key"] != APP_KEY:
            return _answer(1002, "AppKey 无效，商户不存在")
        if not hmac.compare_digest(of_fields(told, SECRET), told["sign"]):
            return _answer(1003, "签名错误")
        try:
            result = self._methods[told["method"]](json.loads(told["biz_content"]))
        except _NoOrder:
            return _answer(3020, "订单不存在")
        except Refusal as refusal:
            return self._refused(refusal)
        return _answer(0, "接口调用成功", json.dumps(result, ensure_ascii=False))

    def _refused(self, refusal: Refusal) -> JSONResponse:
        if refusal.why == "number":
            is_busy = self.world.options.get("duplicates") == "busy"
            return _answer(9999, "系统繁忙") if is_busy else _answer(3010, "商户订单号重复")
        return _answer(*_REFUSALS[refusal.why])

    def _add(self, told: Told) -> Told:
        number = told["customer_order_no"]
        known = self.world.by_number(number)
        if known and self.world.options.get("duplicates") == "same":
            return _as_order(known)
        inputs = {name: value for name, value in told.items() if name.startswith(("charge_", "contact_"))}
        order = self.world.buy(number, self._goods(told).id, told["buy_num"], inputs=inputs)
        return {**_as_order(order), "order_state": "untreated", "cards": None}

    def _order(self, told: Told) -> Told:
        order = self.world.by_number(told["customer_order_no"])
        if order is None:
            raise _NoOrder
        return _as_order(order)

    def _goods(self, told: Told) -> Goods:
        goods = self.world.goods.get(str(int(told["product_id"]) - PRODUCT))
        if goods is None:
            raise Refusal("goods")
        return goods


class _NoOrder(Exception):
    pass


def _answer(code: int, message: str, result: str = "") -> JSONResponse:
    return JSONResponse({"code": code, "message": message, "result": result, "sign": of_text(result, SECRET)})


def _as_product(goods: Goods) -> Told:
    return {
        "product_id": PRODUCT + int(goods.id),
        "product_name": goods.name,
        "product_type": "卡密" if goods.kind == "card" else "直充",
        "face_value": goods.face / 100,
        "purchase_price": f"{goods.price / 100:.4f}",
        "sales_status": "上架" if goods.on_sale else "下架",
        "stock_status": "充足" if goods.stock > 20 else "警报" if goods.stock else "断货",
        "template_id": "" if goods.kind == "card" else "T-1",
        "details": "",
    }


def _template(template_id: str) -> Told:
    element = {"id": "ChargeAccount", "name": "手机号", "type": "text", "sort": 1}
    number = {"id": "ChargeNum", "name": "数量", "type": "text", "sort": 2}
    return {"template_id": template_id, "template_name": "话费", "elements": [element, number]}


def _as_order(order: Order) -> Told:
    cards = [
        {"card_type": 0, "card_number": "", "card_pwd": encrypted(code, SECRET), "card_deadline": ""}
        for code in order.codes
    ]
    return {
        "order_id": order.ref,
        "customer_order_no": order.number,
        "product_id": PRODUCT + int(order.goods),
        "charge_account": order.inputs.get("charge_account", ""),
        "buy_num": order.quantity,
        "order_price": order.cost / 100,
        "order_state": _STATES[order.state],
        "operator_serial_number": "SN1" if order.state == "done" and not cards else "",
        "cards": cards or None,
    }
