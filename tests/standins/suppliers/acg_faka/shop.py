"""The shop's pages under ``/shared``. It never tells anything by itself, and finds no order by a buyer's number."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.acg_faka.signing import signature
from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

APP_ID, APP_KEY = "1000", "ACG0S3CRET0OF0THE0SHOP"
PLACEHOLDER = "正在发货中，请耐心等待，如有疑问，请联系客服。"
NUMBER_LIMIT = 19

_REFUSALS = {
    "goods": "商品不存在",
    "off_sale": "该商品暂未上架",
    "stock": "库存不足",
    "balance": "您的余额不足",
    "quantity": "购买数量错误",
    "number": "The request ID already exists",
}

Form = dict[str, Any]


class AcgShop:
    """Later goods are delivered by hand; a top-up has one widget, ``account``."""

    def __init__(self) -> None:
        self.world = World()

    def routes(self) -> list[Route]:
        pages: dict[str, Callable[[Form], Any]] = {
            "authentication/connect": self._connect,
            "commodity/items": self._items,
            "commodity/item": self._item,
            "commodity/valuation": self._valuation,
            "commodity/trade": self._trade,
            "commodity/query/{trade_no}": self._query,
        }
        return [
            Route(f"/shared/{path}", self._signed(page), methods=["POST"]) for path, page in pages.items()
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter | None:
        del order, is_forged
        return None

    def is_heard(self, status: int, body: bytes) -> bool:
        del status, body
        return True

    def _signed(self, page: Callable[[Form], Any]) -> Callable[[Request], Any]:
        async def checked(request: Request) -> JSONResponse:
            form = _nested({name: str(value) for name, value in (await request.form()).items()})
            problem = _problem(form)
            if problem:
                return _no(problem)
            try:
                told = page({**form, **request.path_params})
            except Refusal as refusal:
                return _no(f"<b>{_REFUSALS[refusal.why]}</b>")
            return JSONResponse({"code": 200, "msg": "success", "data": told})

        return checked

    def _connect(self, _: Form) -> Form:
        return {"shopName": "异次元", "balance": self.world.balance / 100}

    def _items(self, _: Form) -> list[Form]:
        goods = list(self.world.goods.values())
        return [
            {"id": 1, "name": "会员", "children": [_as_item(one) for one in goods[::2]]},
            {"id": 2, "name": "其他", "children": [_as_item(one) for one in goods[1::2]]},
        ]

    def _item(self, form: Form) -> Form:
        return _as_item(self._goods(form["code"]))

    def _valuation(self, form: Form) -> Form:
        return {"price": f"{self._goods(form['code']).price * int(form['num']) / 100:.2f}"}

    def _trade(self, form: Form) -> Form:
        number = form["request_no"]
        assert len(number) <= NUMBER_LIMIT
        assert form["contact"]
        goods = self._goods(form["shared_code"])
        order = self.world.buy(
            number, goods.id, int(form["num"]), inputs={"account": form.get("account", "")}
        )
        return {
            "url": "",
            "amount": order.cost / 100,
            "tradeNo": f"20261128{order.ref}",
            "secret": _secret(order),
            "leave_message": None,
            "stock": goods.stock,
        }

    def _query(self, form: Form) -> Form:
        order = self.world.orders.get(form["trade_no"].removeprefix("20261128"))
        if order is None:
            raise Refusal("goods")
        return {"secret": _secret(order), "widget": None, "status": 1}

    def _goods(self, code: str) -> Goods:
        found = next((goods for goods in self.world.goods.values() if _code(goods) == code), None)
        if found is None:
            raise Refusal("goods")
        if not found.on_sale:
            raise Refusal("off_sale")
        return found


def _problem(form: Form) -> str:
    if form.get("app_id") != APP_ID:
        return "商户ID不存在"
    given = form.get("sign", "")
    is_genuine = form.get("app_key") == APP_KEY and hmac.compare_digest(signature(form, APP_KEY), given)
    return "" if is_genuine else "密钥错误"


def _nested(flat: dict[str, str]) -> Form:
    form: Form = {}
    for name, value in flat.items():
        match = re.fullmatch(r"(\w+)\[(\w+)\]", name)
        if match:
            form.setdefault(match[1], {})[match[2]] = value
        else:
            form[name] = value
    return form


def _secret(order: Order) -> str:
    if order.codes:
        return "\n".join(order.codes)
    return "充值成功" if order.state == "done" else PLACEHOLDER


def _code(goods: Goods) -> str:
    return f"{int(goods.id):016X}"


def _as_item(goods: Goods) -> Form:
    widget = [{"cn": "充值账号", "name": "account", "type": "text", "placeholder": "手机号", "regex": ""}]
    return {
        "id": int(goods.id),
        "name": goods.name,
        "code": _code(goods),
        "price": goods.face / 100,
        "user_price": goods.face / 100,
        "factory_price": goods.price / 100,
        "stock": goods.stock if goods.kind == "card" else "充足",
        "delivery_way": 1 if goods.is_later else 0,
        "config": "",
        "widget": json.dumps(widget, ensure_ascii=False) if goods.kind == "top_up" else "",
        "minimum": 0,
        "maximum": 0,
        "draft_status": 0,
    }


def _no(problem: str) -> JSONResponse:
    return JSONResponse({"code": 400, "msg": problem, "data": []})
