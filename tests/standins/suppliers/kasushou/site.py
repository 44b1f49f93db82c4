"""The site's pages under ``/api/v1``. Options: ``safe_price_is`` ``piece`` (default) or ``total``."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.kasushou.signing import callback_signature, request_signature
from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

USER_ID, APIKEY = "10086", "kss-s3cret-of-the-site"
WINDOW_S = 300

_STATUS = {"pending": 2, "done": 3, "partial": 3, "failed": 5}
_REFUSALS = {
    "goods": "商品不存在",
    "off_sale": "商品已下架",
    "stock": "商品库存不足",
    "balance": "账户余额不足",
    "price": "商品价格高于安全价格",
    "quantity": "购买数量错误",
    "number": "外部订单号已存在",
}

Told = dict[str, Any]


class KasushouSite:
    """Cards have type 1, top-ups type 2 with one field ``recharge_account``."""

    def __init__(self) -> None:
        self.world = World()

    def routes(self) -> list[Route]:
        pages: dict[str, Callable[[Told], Any]] = {
            "user/info": self._user,
            "goods/list": self._goods_list,
            "goods/info": self._goods_info,
            "order/buy": self._buy,
            "order/info": self._order_info,
        }
        return [
            Route(f"/api/v1/{path}", self._signed(page), methods=["POST"]) for path, page in pages.items()
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter:
        told: Told = {
            "external_orderno": order.number,
            "ordersn": f"D{order.ref}",
            "status": _STATUS[order.state],
            "has_back_money": _yuan(order.returned),
            "total_price": _yuan(order.cost),
            "recharge_hints": "详见 https://up.example.com/order",
            "time": int(self.world.now()),
            "card_list": _cards(order),
            "express_list": [],
        }
        told["sign"] = callback_signature(told, "guessed" if is_forged else APIKEY)
        body = json.dumps(told, ensure_ascii=False).replace("/", "\\/").encode()
        return Letter("POST", {"Content-Type": "application/json"}, body)

    def is_heard(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"ok"

    def _signed(self, page: Callable[[Told], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> JSONResponse:
            body = await request.body()
            problem = self._problem(request, body)
            if problem:
                return _no(problem)
            try:
                told = json.loads(body)
                assert list(told) == sorted(told)
                return JSONResponse({"code": 200, "msg": "success", "data": page(told)})
            except Refusal as refusal:
                return _no(_REFUSALS[refusal.why])

        return checked

    def _problem(self, request: Request, body: bytes) -> str:
        user_id, timestamp, sign = (request.headers.get(name, "") for name in ("UserId", "Timestamp", "Sign"))
        if user_id != USER_ID:
            return "用户不存在"
        if len(timestamp) != 13 or abs(self.world.now() - int(timestamp) / 1000) > WINDOW_S:
            return "时间戳已过期"
        right = request_signature(timestamp, body, APIKEY)
        return "" if hmac.compare_digest(right, sign) else "签名错误"

    def _user(self, _: Told) -> Told:
        return {"id": int(USER_ID), "username": "kapu", "balance": _yuan(self.world.balance)}

    def _goods_list(self, told: Told) -> list[Told]:
        limit, page = min(int(told.get("limit", 20)), 100), int(told.get("page", 1))
        goods = list(self.world.goods.values())[(page - 1) * limit : page * limit]
        return [_as_listed(one) for one in goods]

    def _goods_info(self, told: Told) -> Told:
        goods = self.world.goods.get(str(told["id"]))
        if goods is None:
            raise Refusal("goods")
        field = {
            "key": "recharge_account",
            "type": "text",
            "tip": "请输入手机号",
            "name": "充值账号",
            "options": "",
        }
        more = {"goods_info": "", "goods_notice": "", "start_count": 1, "end_count": 10}
        return {**_as_listed(goods), **more, "attach": [field] if goods.kind == "top_up" else []}

    def _buy(self, told: Told) -> Told:
        goods_id, quantity = str(told["id"]), told["quantity"]
        guard = told.get("safe_price")
        times = 1 if self.world.options.get("safe_price_is") == "total" else quantity
        order = self.world.buy(
            told["external_orderno"],
            goods_id,
            quantity,
            at_most=None if guard is None else round(float(guard) * 100) * times,
            inputs=told.get("attach") or {},
            callback_url=told.get("url", ""),
        )
        placed = {"ordersn": f"D{order.ref}", "external_orderno": order.number}
        return {**placed, "total_price": _yuan(order.cost)}

    def _order_info(self, told: Told) -> list[Told]:
        numbers = [number for number in told.get("external_orderno", "").split(",") if number]
        refs = [ref.removeprefix("D") for ref in told.get("ordersn", "").split(",") if ref]
        orders = self.world.orders.values()
        return [_as_order(order) for order in orders if order.number in numbers or order.ref in refs]


def _as_listed(goods: Goods) -> Told:
    return {
        "id": int(goods.id),
        "goods_name": goods.name,
        "goods_img": "",
        "goods_type": 1 if goods.kind == "card" else 2,
        "face_value": _yuan(goods.face),
        "goods_price": _yuan(goods.price),
        "status": 1 if goods.on_sale else 2,
        "stock_num": goods.stock,
        "can_buy": 1,
    }


def _as_order(order: Order) -> Told:
    return {
        "ordersn": f"D{order.ref}",
        "external_orderno": order.number,
        "goods_id": int(order.goods),
        "quantity": order.quantity,
        "status": _STATUS[order.state],
        "total_price": _yuan(order.cost),
        "has_back_money": _yuan(order.returned),
        "recharge_hints": "",
        "card_list": _cards(order),
    }


def _cards(order: Order) -> list[Told]:
    return [{"card_no": "", "card_password": code} for code in order.codes]


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _no(problem: str) -> JSONResponse:
    return JSONResponse({"code": 400, "msg": problem, "data": None})
