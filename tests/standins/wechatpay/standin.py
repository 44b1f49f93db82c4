"""The server: orders, questions, refunds, notifications, and the payment sheet of WeChat's browser."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.standins.listening import listening
from tests.standins.wechatpay.keys import Merchant

_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')
_OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_RETRY_AFTER_S = (0.0, 0.2, 0.5)


@dataclass
class Order:
    """An order as WeChat Pay knows it."""

    wanted: dict[str, Any]
    prepay_id: str
    transaction_id: str
    state: str = "NOTPAY"
    payer: str = ""


@dataclass
class WeChatPayStandIn:
    """WeChat Pay for one merchant.

    Attributes:
        lose: This many answers are lost after their request has had its effect.
        refund_state: What becomes of the next refunds: SUCCESS, PROCESSING, ABNORMAL or CLOSED.
        balance: Fen that the merchant has for refunds; None: enough.
        refusal: What orders are refused with: a code and a sentence.
        told: How often each notification was sent, by order.
    """

    merchant: Merchant
    base_url: str = ""
    lose: int = 0
    refund_state: str = "SUCCESS"
    balance: int | None = None
    refusal: tuple[str, str] | None = None
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[WeChatPayStandIn]:
        """Serve while the block runs."""
        routes = [
            Route("/v3/pay/transactions/native", self._order, methods=["POST"]),
            Route("/v3/pay/transactions/jsapi", self._order, methods=["POST"]),
            Route("/v3/pay/transactions/out-trade-no/{number}", self._query, methods=["GET"]),
            Route("/v3/pay/transactions/id/{transaction_id}", self._query_by_theirs, methods=["GET"]),
            Route("/v3/refund/domestic/refunds", self._refund, methods=["POST"]),
            Route("/v3/refund/domestic/refunds/{number}", self._query_refund, methods=["GET"]),
        ]
        async with listening(Starlette(routes=routes)) as self.base_url:
            yield self
            for task in self._telling:
                task.cancel()
            await asyncio.gather(*self._telling, return_exceptions=True)

    # ------------------------------------------------------------------------------------------------ what people do

    def scan(self, code_url: str, openid: str) -> None:
        """Somebody scans a code and pays."""
        [number] = [number for number, order in self.orders.items() if _code_of(order) == code_url]
        self.pay(number, openid)

    def tap(self, call: dict[str, str], openid: str) -> str:
        """Somebody's WeChat is asked for the money by a page, and he agrees. What the page is told."""
        text = f"{call['appId']}\n{call['timeStamp']}\n{call['nonceStr']}\n{call['package']}\n"
        prepay_id = call["package"].removeprefix("prepay_id=")
        found = [number for number, order in self.orders.items() if order.prepay_id == prepay_id]
        is_signed = call["signType"] == "RSA" and self.merchant.is_signed_by_merchant(call["paySign"], text)
        if not found or not is_signed or call["appId"] != self.merchant.app_id:
            return "get_brand_wcpay_request:fail"
        if self.orders[found[0]].wanted.get("payer") != {"openid": openid}:
            return "get_brand_wcpay_request:fail"
        self.pay(found[0], openid)
        return "get_brand_wcpay_request:ok"

    def pay(self, number: str, openid: str, *, tell: bool = True) -> None:
        """The money is in; the shop is told until it listens."""
        order = self.orders[number]
        assert order.state == "NOTPAY"
        order.state, order.payer = "SUCCESS", openid
        if tell:
            self.tell(number)

    def tell(self, number: str) -> None:
        """Send the notification, again if it is not taken."""
        task = asyncio.get_running_loop().create_task(self._tell(number))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, number: str) -> None:
        order = self.orders[number]
        async with httpx.AsyncClient(trust_env=False) as client:
            for pause_s in _RETRY_AFTER_S:
                await asyncio.sleep(pause_s)
                body = self.merchant.sealed("TRANSACTION.SUCCESS", self.facts_of(number))
                self.told[number] = self.told.get(number, 0) + 1
                answer = await client.post(
                    order.wanted["notify_url"],
                    content=body.encode(),
                    headers={**self.merchant.signed(body), "Content-Type": "application/json"},
                )
                if answer.status_code in {200, 204}:
                    return

    def facts_of(self, number: str) -> dict[str, Any]:
        """What a question and a notification say of an order."""
        order = self.orders[number]
        facts: dict[str, Any] = {
            "appid": order.wanted["appid"],
            "mchid": order.wanted["mchid"],
            "out_trade_no": number,
            "trade_state": order.state,
            "amount": order.wanted["amount"],
        }
        if order.state != "NOTPAY":
            total = order.wanted["amount"]["total"]
            facts |= {
                "transaction_id": order.transaction_id,
                "payer": {"openid": order.payer},
                "amount": {**order.wanted["amount"], "payer_total": total, "payer_currency": "CNY"},
            }
        return facts

    # ---------------------------------------------------------------------------------------------------- its pages

    async def _order(self, request: Request) -> Response:
        body = (await request.body()).decode()
        if not self._is_merchants(request, body):
            return self._no(401, "SIGN_ERROR", "签名错误")
        wanted = json.loads(body)
        is_jsapi = request.url.path.endswith("jsapi")
        fault = self._fault_of(wanted, is_jsapi=is_jsapi)
        if fault is not None:
            return self._no(400, "PARAM_ERROR", fault)
        if self.refusal is not None:
            return self._no(403 if self.refusal[0] == "NO_AUTH" else 400, *self.refusal)
        number = wanted["out_trade_no"]
        known = self.orders.get(number)
        if known is not None and (known.state != "NOTPAY" or known.wanted != wanted):
            return self._no(
                400, "ORDERPAID" if known.state != "NOTPAY" else "OUT_TRADE_NO_USED", "商户订单号重复"
            )
        if known is None:
            at = len(self.orders) + 1
            known = Order(wanted, f"wx{time.time_ns()}{at:04}", f"42000000{time.time_ns()}{at:04}"[:32])
            self.orders[number] = known
        return await self._yes({"prepay_id": known.prepay_id} if is_jsapi else {"code_url": _code_of(known)})

    def _fault_of(self, wanted: dict[str, Any], *, is_jsapi: bool) -> str | None:
        merchant = self.merchant
        if (wanted["appid"], wanted["mchid"]) != (merchant.app_id, merchant.mchid):
            return "appid和mch_id不匹配"
        if not _OUT_TRADE_NO.fullmatch(wanted["out_trade_no"]) or not 0 < len(wanted["description"]) <= 127:
            return "商户订单号或商品描述"
        total, currency = wanted["amount"]["total"], wanted["amount"]["currency"]
        if type(total) is not int or total < 1 or currency != "CNY":
            return "订单金额"
        if "?" in wanted["notify_url"] or datetime.fromisoformat(wanted["time_expire"]).tzinfo is None:
            return "通知地址或失效时间"
        if is_jsapi != ("payer" in wanted) or (is_jsapi and not wanted["payer"].get("openid")):
            return "支付者"
        return None

    async def _query(self, request: Request) -> Response:
        if not self._is_merchants(request, ""):
            return self._no(401, "SIGN_ERROR", "签名错误")
        number = request.path_params["number"]
        if number not in self.orders or request.query_params.get("mchid") != self.merchant.mchid:
            return self._no(404, "ORDER_NOT_EXIST", "订单不存在")
        return await self._yes(self.facts_of(number))

    async def _query_by_theirs(self, request: Request) -> Response:
        if not self._is_merchants(request, ""):
            return self._no(401, "SIGN_ERROR", "签名错误")
        theirs = request.path_params["transaction_id"]
        for number, order in self.orders.items():
            if order.transaction_id == theirs and order.state != "NOTPAY":
                return await self._yes(self.facts_of(number))
        return self._no(404, "ORDER_NOT_EXIST", "订单不存在")

    async def _refund(self, request: Request) -> Response:
        body = (await request.body()).decode()
        if not self._is_merchants(request, body):
            return self._no(401, "SIGN_ERROR", "签名错误")
        wanted = json.loads(body)
        known = self.refunds.get(wanted["out_refund_no"])
        if known is None:
            found = [
                order for order in self.orders.values() if order.transaction_id == wanted["transaction_id"]
            ]
            if not found or found[0].state == "NOTPAY":
                return self._no(404, "RESOURCE_NOT_EXISTS", "订单不存在")
            if found[0].state == "REFUND" or wanted["amount"]["refund"] > found[0].wanted["amount"]["total"]:
                return self._no(400, "INVALID_REQUEST", "订单已全额退款")
            if self.balance is not None and wanted["amount"]["refund"] > self.balance:
                return self._no(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
            found[0].state = "REFUND"
            known = {**wanted, "refund_id": f"5030000{len(self.refunds):04}"}
            self.refunds[wanted["out_refund_no"]] = known
        return await self._yes({**known, "status": self.refund_state})

    async def _query_refund(self, request: Request) -> Response:
        if not self._is_merchants(request, ""):
            return self._no(401, "SIGN_ERROR", "签名错误")
        known = self.refunds.get(request.path_params["number"])
        if known is None:
            return self._no(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return await self._yes({**known, "status": self.refund_state})

    def _is_merchants(self, request: Request, body: str) -> bool:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        said = dict(_AUTHORIZATION.findall(rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or request.headers.get("accept") != "application/json":
            return False
        if (said["mchid"], said["serial_no"]) != (self.merchant.mchid, self.merchant.serial):
            return False
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        text = f"{request.method}\n{path}\n{said['timestamp']}\n{said['nonce_str']}\n{body}\n"
        is_fresh = abs(time.time() - int(said["timestamp"])) < 300
        return is_fresh and self.merchant.is_signed_by_merchant(said["signature"], text)

    async def _yes(self, facts: dict[str, Any]) -> Response:
        if self.lose > 0:
            self.lose -= 1
            return Response(status_code=502)
        body = json.dumps(facts, ensure_ascii=False)
        return Response(body, 200, self.merchant.signed(body), "application/json")

    def _no(self, status: int, code: str, message: str) -> Response:
        body = json.dumps({"code": code, "message": message}, ensure_ascii=False)
        return Response(body, status, self.merchant.signed(body), "application/json")


def _code_of(order: Order) -> str:
    return f"weixin://wxpay/bizpayurl?pr={order.prepay_id[-9:]}"
