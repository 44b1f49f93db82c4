"""The vendor's own pages, as a merchant's server sees them: ``mapi.php``, ``submit.php``, ``api.php``.

Source: the community transcription of the V1 documents (``epay_v1.md`` of mpay_v2), orders and queries.
Refusals are HTTP 200 with a ``code`` that is not 1, as these PHP sites do it.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.cashier.desk import Desk
from bot.sandbox.cashier.intake import MAPI_FIELDS, SUBMIT_FIELDS, read_draft
from bot.sandbox.cashier.orders import Order, Refused, fen_of, site_time, yuan_of
from bot.sandbox.cashier.pages import html_response, refusal_page
from bot.sandbox.cashier.words import words_for

PAGE_LIMIT = 50

Answer = dict[str, object]


class VendorPages:
    """Answers a merchant's requests over the desk."""

    def __init__(self, desk: Desk) -> None:
        """Serve this desk."""
        self._desk = desk
        self._acts: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "query": self._query,
            "order": self._order,
            "orders": self._orders,
            "settle": self._settle,
        }

    def routes(self) -> list[Route]:
        """List the paths, all of them at the root as these sites have them."""
        return [
            Route("/mapi.php", self.mapi, methods=["POST"]),
            Route("/submit.php", self.submit, methods=["GET", "POST"]),
            Route("/api.php", self.api, methods=["GET", "POST"]),
        ]

    async def mapi(self, request: Request) -> Response:
        """Open an order for a merchant's server."""
        params = form_values(await request.body())
        try:
            draft = read_draft(params, MAPI_FIELDS, self._desk.settings)
            order = self._desk.orders.place(draft, self._desk.settings.duplicates)
        except Refused as refusal:
            return JSONResponse(_no(str(refusal)))
        page = str(request.url_for("pay", trade_no=order.trade_no))
        mode = "payurl" if params.get("device") == "jump" else self._desk.settings.answer_mode
        # The scheme of a real app would open the real app; this one opens nothing by accident.
        address = f"sandbox-{order.method}://pay?url={quote(page, safe='')}" if mode == "urlscheme" else page
        return JSONResponse({"code": 1, "msg": "创建订单成功", "trade_no": order.trade_no, mode: address})

    async def submit(self, request: Request) -> Response:
        """Open an order for a browser and lead it to the payer's page."""
        raw = await request.body() if request.method == "POST" else request.scope["query_string"]
        try:
            draft = read_draft(form_values(raw), SUBMIT_FIELDS, self._desk.settings)
            order = self._desk.orders.place(draft, self._desk.settings.duplicates)
        except Refused as refusal:
            words = words_for(request.headers.get("accept-language", ""))
            return html_response(refusal_page(str(refusal), words), status_code=400)
        return RedirectResponse(request.url_for("pay", trade_no=order.trade_no), status_code=302)

    async def api(self, request: Request) -> Response:
        """Answer a merchant's question, or give money back. The key is in the clear: never log these."""
        query = form_values(request.scope["query_string"])
        params = {**query, **form_values(await request.body())}
        try:
            self._check_key(params)
            return JSONResponse(self._act(request.method, params))
        except Refused as refusal:
            return JSONResponse(_no(str(refusal)))

    def _check_key(self, params: Mapping[str, str]) -> None:
        settings = self._desk.settings
        if params.get("pid") != settings.pid:
            raise Refused("商户不存在")
        if params.get("key") != settings.key:
            raise Refused("商户密钥错误")

    def _act(self, method: str, params: Mapping[str, str]) -> Answer:
        act = params.get("act", "")
        if act == "refund" and method == "POST" and self._desk.settings.refunds:
            return self._refund(params)
        if act not in self._acts:
            raise Refused("No Act!")
        return self._acts[act](params)

    def _query(self, _: Mapping[str, str]) -> Answer:
        settings = self._desk.settings
        orders = self._desk.orders.all()
        balance_fen = sum(fen_of(o.payment.money) - o.refunded_fen for o in orders if o.payment)
        return {
            "code": 1,
            "pid": int(settings.pid),
            "key": settings.key,
            "active": 1,
            "money": yuan_of(balance_fen),
            "type": 1,
            "account": "sandbox@example.com",
            "username": settings.merchant_name,
            "orders": len(orders),
            "order_today": len(orders),
            "order_lastday": 0,
        }

    def _order(self, params: Mapping[str, str]) -> Answer:
        return {"code": 1, "msg": "查询订单号成功", **self._shown(self._named(params))}

    def _orders(self, params: Mapping[str, str]) -> Answer:
        limit = min(_whole(params.get("limit") or "20"), PAGE_LIMIT)
        start = (_whole(params.get("page") or "1") - 1) * limit
        page = self._desk.orders.all()[start : start + limit]
        return {"code": 1, "msg": "查询订单列表成功", "data": [self._shown(order) for order in page]}

    def _settle(self, _: Mapping[str, str]) -> Answer:
        # What a settlement row holds is documented nowhere, so none is made up.
        return {"code": 1, "msg": "查询结算记录成功", "data": []}

    def _refund(self, params: Mapping[str, str]) -> Answer:
        self._desk.orders.refund(self._named(params), params.get("money", ""))
        return {"code": 1, "msg": "退款成功"}

    def _named(self, params: Mapping[str, str]) -> Order:
        return self._desk.orders.get(
            trade_no=params.get("trade_no", ""), out_trade_no=params.get("out_trade_no", "")
        )

    def _shown(self, order: Order) -> Answer:
        payment = order.payment
        return {
            "trade_no": order.trade_no,
            "out_trade_no": order.draft.out_trade_no,
            "api_trade_no": payment.api_trade_no if payment else "",
            "type": order.method,
            "pid": int(self._desk.settings.pid),
            "addtime": site_time(order.created_at),
            "endtime": site_time(payment.paid_at) if payment else None,
            "name": order.draft.name,
            "money": order.money,
            "status": 1 if payment else 0,
            "param": order.draft.param,
            "buyer": "sandbox-payer" if payment else "",
        }


def form_values(raw: bytes) -> dict[str, str]:
    """Decode a form or a query as PHP does: empty values kept, the last of a repeated name wins."""
    return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not int(text):
        raise Refused("分页参数不正确")
    return int(text)


def _no(msg: str) -> Answer:
    return {"code": -1, "msg": msg}
