"""The pages under ``/dockapi``; forms in, JSON out, every form signed.

Options: ``finds_numbers`` (``queryorder`` takes ``outorderno`` too), ``repeat`` (``refuse``, the usual, or ``answer``: a
known number is answered with its order), ``refund`` (``refundstatus`` that the vendor writes where money went back).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.vendor import Letter
from tests.standins.suppliers.world import Goods, Order, Refusal, World

USER, KEY = "10001", "kky-s3cret-of-the-site"

_STATUS = {"pending": 3, "done": 5, "failed": 4, "partial": 5}
_REFUNDED = {"pending": 0, "done": 0, "failed": 1, "partial": 2}
_SAID = {
    "goods": "商品不存在",
    "off_sale": "商品已下架",
    "stock": "商品库存不足",
    "balance": "账户余额不足",
    "price": "商品价格超过最高限价maxmoney",
    "quantity": "购买数量有误",
    "number": "外部订单号重复",
}

Form = dict[str, str]
Page = Callable[[Form], JSONResponse]


def signature(key: str, form: Form) -> str:
    text = "&".join(f"{k}={form[k]}" for k in sorted(form) if form[k] != "" and k != "sign")
    return hashlib.md5((text + key).encode(), usedforsecurity=False).hexdigest()


class KakayunSite:
    """Cards are handed over in the answer, or asked for later; the price is for one piece."""

    def __init__(self) -> None:
        self.world = World()

    def routes(self) -> list[Route]:
        pages: dict[str, Page] = {
            "index/userinfo": self._user,
            "v2/getallgoods.html": self._list,
            "v2/goodsdetails.html": self._details,
            "index/buy.html": self._buy,
            "index/queryorder.html": self._query,
        }
        return [
            Route(f"/dockapi/{path}", self._signed(page), methods=["POST"]) for path, page in pages.items()
        ]

    def letter(self, order: Order, *, is_forged: bool) -> Letter:
        told = {
            "userid": USER,
            "orderno": order.ref,
            "outorderno": order.number,
            "status": str(_STATUS[order.state]),
            "refundstatus": str(self._refunded(order)),
            "money": _yuan(order.cost),
            "refundmoney": _yuan(order.returned),
            "receipt": "",
            "timestamp": str(int(self.world.now())),
        }
        told["sign"] = signature("guessed" if is_forged else KEY, told)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Letter("POST", headers, urlencode(told).encode())

    def is_heard(self, status: int, body: bytes) -> bool:
        return status == 200 and body.strip() == b"ok"

    def _signed(self, page: Page) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def checked(request: Request) -> JSONResponse:
            pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, strict_parsing=True)
            form = dict(pairs)
            if len(form) != len(pairs) or form.get("userid") != USER:
                return _no("用户不存在")
            if not hmac.compare_digest(signature(KEY, form), form.get("sign", "")):
                return _no("签名错误")
            return page(form)

        return checked

    def _user(self, _: Form) -> JSONResponse:
        return _yes(data={"money": self.world.balance / 100, "creditquota": 0, "group_id": 1})

    def _list(self, form: Form) -> JSONResponse:
        page, limit = int(form.get("page", "1")), min(int(form.get("limit", "20")), 100)
        listed = list(self.world.goods.values())
        shown = listed[(page - 1) * limit : page * limit]
        pages = -(-len(listed) // limit)
        return _yes(
            nowpage=page, allpage=pages, count=len(listed), data=[_as_goods(it, "goodsid") for it in shown]
        )

    def _details(self, form: Form) -> JSONResponse:
        goods = self.world.goods.get(form.get("goodsid", ""))
        if goods is None:
            return _no(_SAID["goods"])
        return _yes(goodsdetails={**_as_goods(goods, "id"), "buymaxnum": 500})

    def _buy(self, form: Form) -> JSONResponse:
        known = self.world.by_number(form.get("outorderno", ""))
        if known and self.world.options.get("repeat") == "answer":
            return self._sold(known)
        inputs = json.loads(form.get("attach", "[]"))
        try:
            order = self.world.buy(
                form.get("outorderno", ""),
                form.get("goodsid", ""),
                int(form.get("buynum", "0")),
                at_most=round(float(form["maxmoney"]) * 100) if "maxmoney" in form else None,
                inputs={str(i): told for i, told in enumerate(inputs, 1)},
                callback_url=form.get("callbackurl", ""),
            )
        except Refusal as refusal:
            return _no(_SAID[refusal.why])
        return self._sold(order)

    def _sold(self, order: Order) -> JSONResponse:
        return _yes(
            orderno=order.ref,
            outorderno=order.number,
            money=order.cost / 100,
            buynum=order.quantity,
            cardlist=order.codes,
        )

    def _query(self, form: Form) -> JSONResponse:
        order = self.world.orders.get(form.get("orderno", ""))
        if order is None and self.world.options.get("finds_numbers"):
            order = self.world.by_number(form.get("outorderno", ""))
        if order is None:
            return _no("订单不存在")
        data = {
            "orderno": order.ref,
            "outorderno": order.number,
            "money": order.cost / 100,
            "buynum": order.quantity,
            "goodsid": int(order.goods),
            "status": _STATUS[order.state],
            "refundstatus": self._refunded(order),
            "refundmoney": order.returned / 100,
            "receipt": "",
        }
        return _yes(data=data, cardlist=order.codes, aftersales=[])

    def _refunded(self, order: Order) -> int:
        usual = _REFUNDED[order.state]
        return int(self.world.options.get("refund", usual)) if usual else 0


def _as_goods(goods: Goods, id_name: str) -> dict[str, Any]:
    account = [{"title": "充值账号", "tip": "请输入手机号"}]
    return {
        id_name: int(goods.id),
        "goodsname": goods.name,
        "goodsprice": goods.price / 100,
        "goodsstatus": 1 if goods.on_sale else 0,
        "goodstype": 0 if goods.kind == "top_up" else 1,
        "stock": goods.stock,
        "buyminnum": 1,
        "goodsgroupid": 1,
        "attach": account if goods.kind == "top_up" else None,
    }


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _yes(**told: Any) -> JSONResponse:
    return JSONResponse({"code": 1, "msg": "success", **told})


def _no(said: str) -> JSONResponse:
    return JSONResponse({"code": -1, "msg": said})
