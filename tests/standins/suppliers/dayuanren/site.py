"""The pages under ``/yrapi.php/index``; forms in, JSON out, every form signed.

Options: ``dialect`` (``other``: −1 failed, 2 a part, as some deployments have it), ``unknown`` (``words``: a number that is
not known is answered by a no, not by nothing), ``check`` (``one``: the order itself, not a list of one).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World
from tests.standins.suppliers.world import State as OrderState

USER, KEY = "20002", "dyr-s3cret-of-the-site"
MOBILE_DIGITS = 11

_STATES = {"pending": 0, "done": 1, "failed": 2, "partial": 3}
_OTHER_STATES = {"pending": 0, "done": 1, "failed": -1, "partial": 2}
_SAID = {
    "goods": "产品不存在",
    "off_sale": "产品已下架",
    "stock": "产品库存不足",
    "balance": "账户余额不足",
    "price": "产品成本超过提交的最高成本",
    "quantity": "参数有误",
    "number": "商户订单号已存在，请勿重复提交",
}

Form = dict[str, str]
Page = Callable[[Form], JSONResponse]


def signature(key: str, form: Form) -> str:
    text = "&".join(f"{k}={form[k]}" for k in sorted(form) if k != "sign")
    return hashlib.md5(f"{text}&apikey={key}".encode(), usedforsecurity=False).hexdigest().upper()


class PhoneWorld(World):
    """Phone credit comes in pieces: a part is so many fen of the face value, and the rest of the price comes back."""

    def reset(self) -> None:
        super().reset()
        for goods in self.goods.values():
            goods.kind, goods.is_later = "top_up", True

    def finish(self, order: Order, state: OrderState, delivered: int | None = None) -> None:
        face = self.goods[order.goods].face
        charged = {"done": face, "partial": delivered or 0}.get(state, 0)
        order.state, order.delivered = state, charged
        back = order.cost * (face - charged) // face - order.returned
        order.returned += back
        self.balance += back


class DayuanrenSite:
    """Sells one top-up at a time; what is bought is never there at once."""

    def __init__(self) -> None:
        self.world = PhoneWorld()

    def routes(self) -> list[Route]:
        pages: dict[str, Page] = {
            "user": self._user,
            "product": self._products,
            "recharge": self._recharge,
            "check": self._check,
        }
        return [
            Route(f"/yrapi.php/index/{path}", self._signed(page), methods=["POST"])
            for path, page in pages.items()
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter:
        told = {
            "userid": USER,
            "order_number": order.ref,
            "out_trade_num": order.number,
            "otime": str(int(self.world.now())),
            "state": str(self._state(order)),
            "mobile": order.inputs["mobile"],
            "remark": "充值成功" if order.state == "done" else "",
            "charge_amount": _yuan(order.delivered),
            "voucher": "",
            "charge_kami": f"LS{order.ref}" if order.delivered else "",
        }
        told["sign"] = signature("guessed" if is_forged else KEY, told)
        return Letter("POST", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(told).encode())

    def is_heard(self, status: int, body: bytes) -> bool:
        return status == 200 and body.strip() == b"success"

    def _signed(self, page: Page) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def checked(request: Request) -> JSONResponse:
            pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=True)
            form = dict(pairs)
            if len(form) != len(pairs) or form.get("userid") != USER:
                return _no("商户不存在")
            if not hmac.compare_digest(signature(KEY, form), form.get("sign", "")):
                return _no("签名错误")
            return page(form)

        return checked

    def _user(self, _: Form) -> JSONResponse:
        return _yes("查询成功", {"id": USER, "username": "shop", "balance": _yuan(self.world.balance)})

    def _products(self, _: Form) -> JSONResponse:
        listed = [_as_product(goods) for goods in self.world.goods.values() if goods.on_sale]
        category = {"id": 10, "cate": "话费慢充", "sort": "1", "type": "1", "products": listed}
        empty = {"id": 11, "cate": "流量", "sort": "2", "type": "2", "products": []}
        return _yes("查询成功", [category, empty])

    def _recharge(self, form: Form) -> JSONResponse:
        mobile = form.get("mobile", "")
        if not (mobile.isdecimal() and len(mobile) == MOBILE_DIGITS):
            return _no("充值号码格式有误")
        try:
            order = self.world.buy(
                form.get("out_trade_num", ""),
                form.get("product_id", ""),
                1,
                at_most=round(float(form["price"]) * 100) if "price" in form else None,
                inputs={"mobile": mobile},
                callback_url=form.get("notify_url", ""),
            )
        except Refusal as refusal:
            return _no(_SAID[refusal.why])
        told = {
            "order_number": order.ref,
            "mobile": mobile,
            "product_id": order.goods,
            "total_price": _yuan(order.cost),
            "out_trade_num": order.number,
            "title": self.world.goods[order.goods].name,
        }
        return _yes("下单成功", told)

    def _check(self, form: Form) -> JSONResponse:
        numbers = form.get("out_trade_nums", "").split(",")
        found = [self._as_order(order) for number in numbers if (order := self.world.by_number(number))]
        if not found and self.world.options.get("unknown") == "words":
            return _no("订单不存在")
        is_one = self.world.options.get("check") == "one" and len(found) == 1
        return _yes("查询成功", found[0] if is_one else found)

    def _as_order(self, order: Order) -> dict[str, Any]:
        return {
            "order_number": order.ref,
            "out_trade_num": order.number,
            "create_time": str(int(order.made_at)),
            "mobile": order.inputs["mobile"],
            "product_id": order.goods,
            "charge_amount": order.delivered / 100,
            "charge_kami": f"LS{order.ref}" if order.delivered else "",
            "state": str(self._state(order)),
        }

    def _state(self, order: Order) -> int:
        is_other = self.world.options.get("dialect") == "other"
        return (_OTHER_STATES if is_other else _STATES)[order.state]


def _as_product(goods: Goods) -> dict[str, Any]:
    return {
        "id": int(goods.id),
        "name": goods.name,
        "desc": "",
        "api_open": "1",
        "isp": "1,2,3",
        "ys_tag": "",
        "price": _yuan(goods.price),
        "y_price": _yuan(goods.face),
        "max_price": _yuan(goods.face),
        "type": "1",
        "cate_name": "话费慢充",
        "type_name": "话费",
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _yes(said: str, data: Any) -> JSONResponse:
    return JSONResponse({"errno": 0, "errmsg": said, "data": data})


def _no(said: str) -> JSONResponse:
    return JSONResponse({"errno": 1, "errmsg": said, "data": ""})
