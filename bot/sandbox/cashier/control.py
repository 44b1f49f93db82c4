"""The control panel for tests: JSON under ``/control/``. It has no password: the cashier is loopback only."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.sandbox.cashier.desk import Desk, Telling
from bot.sandbox.cashier.faults import KINDS, TARGETS, Fault
from bot.sandbox.cashier.notify import Attempt
from bot.sandbox.cashier.orders import Order, Refused
from bot.sandbox.cashier.settings import SettingError

MOST_AT_ONCE = 100

Body = Mapping[str, object]
_Value = TypeVar("_Value")


class CommandError(ValueError):
    """A command has an unknown name or a value of the wrong kind; nothing was done."""


class ControlPanel:
    """Lets a test play payer, network and site."""

    def __init__(self, desk: Desk) -> None:
        """Control this desk."""
        self._desk = desk

    def routes(self) -> list[Mount]:
        """List the paths."""
        get, post = ["GET"], ["POST"]
        return [
            Mount(
                "/control",
                routes=[
                    Route("/state", self.state, methods=get),
                    Route("/orders", self.orders, methods=get),
                    Route("/notifies", self.notifies, methods=get),
                    Route("/pay", self._command(self._pay), methods=post),
                    Route("/notify", self._command(self._notify), methods=post),
                    Route("/faults", self._command(self._fault), methods=post),
                    Route("/settings", self._command(self._change), methods=post),
                    Route("/reset", self.reset, methods=post),
                ],
            )
        ]

    async def state(self, _: Request) -> Response:
        """Say that we are up, how we are set, and what is still to happen."""
        return JSONResponse(self._state())

    async def orders(self, _: Request) -> Response:
        """List the orders, newest first."""
        return JSONResponse({"orders": [_order(order) for order in self._desk.orders.all()]})

    async def notifies(self, _: Request) -> Response:
        """List every notification tried, oldest first, and how many are still to be delivered."""
        notifier = self._desk.notifier
        tries = [_attempt(attempt) for attempt in notifier.attempts]
        return JSONResponse({"notifies": tries, "pending": notifier.pending})

    async def reset(self, _: Request) -> Response:
        """Be as freshly started."""
        await self._desk.reset()
        return JSONResponse(self._state())

    def _command(self, run: Callable[[Body], dict[str, Any]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                return JSONResponse(run(_body_of(await request.body())))
            except (CommandError, SettingError, Refused) as error:
                return JSONResponse({"error": str(error)}, status_code=400)

        return endpoint

    def _pay(self, body: Body) -> dict[str, Any]:
        """Pay ``times`` times (each after the first is a new trade) and tell the merchant as asked."""
        _only(body, {"trade_no", "out_trade_no", "amount", "method", "times", *_TELLING})
        order = self._named(body)
        telling = _telling(body)
        money = _take(body, "amount", str, "") or None
        method = _take(body, "method", str, "")
        paid = [
            self._desk.pay(order, telling, money=money, method=method) for _ in range(_count(body, "times"))
        ]
        return {"orders": [_order(each) for each in paid]}

    def _notify(self, body: Body) -> dict[str, Any]:
        """Tell the merchant again about an order as it stands, as a back office can; no money moves."""
        _only(body, {"trade_no", "out_trade_no", *_TELLING})
        order = self._named(body)
        self._desk.tell(order, _telling(body))
        return {"orders": [_order(order)]}

    def _fault(self, body: Body) -> dict[str, Any]:
        _only(body, {"kind", "target", "delay_s", "times"})
        kind, target = _take(body, "kind", str, ""), body.get("target")
        if kind not in KINDS or (target is not None and target not in TARGETS):
            raise CommandError(f"kind must be one of {KINDS}, target null or one of {TARGETS}")
        fault = Fault(kind=cast("Any", kind), target=cast("Any", target), delay_s=_seconds(body, "delay_s"))
        self._desk.faults.add(fault, _count(body, "times"))
        return self._state()

    def _change(self, body: Body) -> dict[str, Any]:
        self._desk.settings = self._desk.settings.changed(body)
        return self._state()

    def _named(self, body: Body) -> Order:
        return self._desk.orders.get(
            trade_no=_take(body, "trade_no", str, ""), out_trade_no=_take(body, "out_trade_no", str, "")
        )

    def _state(self) -> dict[str, Any]:
        return {
            "pid": self._desk.settings.pid,
            "settings": self._desk.settings.shown(),
            "orders": len(self._desk.orders.all()),
            "pending_notifies": self._desk.notifier.pending,
            "pending_faults": [dataclasses.asdict(fault) for fault in self._desk.faults.waiting()],
        }


_TELLING = frozenset({"notify", "repeats", "delay_s", "status", "wrong_sign", "wrong_pid"})


def _telling(body: Body) -> Telling:
    default = Telling()
    return Telling(
        notify=_take(body, "notify", bool, default.notify),
        repeats=_count(body, "repeats"),
        delay_s=_seconds(body, "delay_s"),
        status=_take(body, "status", str, default.status),
        wrong_sign=_take(body, "wrong_sign", bool, default.wrong_sign),
        wrong_pid=_take(body, "wrong_pid", bool, default.wrong_pid),
    )


def _body_of(raw: bytes) -> Body:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise CommandError("the body must be JSON") from error
    if not isinstance(body, dict):
        raise CommandError("the body must be a JSON object")
    return body


def _only(body: Body, known: set[str]) -> None:
    unknown = sorted(body.keys() - known)
    if unknown:
        raise CommandError(f"unknown: {', '.join(unknown)}")


def _take(body: Body, name: str, kind: type[_Value], default: _Value) -> _Value:
    value = body.get(name, default)
    if not isinstance(value, kind):
        raise CommandError(f"{name} must be {kind.__name__}")
    return value


def _count(body: Body, name: str) -> int:
    count = _take(body, name, int, 1)
    if not 1 <= count <= MOST_AT_ONCE:
        raise CommandError(f"{name} must be 1 to {MOST_AT_ONCE}")
    return count


def _seconds(body: Body, name: str) -> float:
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise CommandError(f"{name} must be seconds")
    return float(value)


def _order(order: Order) -> dict[str, Any]:
    payment = order.payment
    return {
        "trade_no": order.trade_no,
        "out_trade_no": order.draft.out_trade_no,
        "type": order.method,
        "name": order.draft.name,
        "money": order.draft.money,
        "param": order.draft.param,
        "notify_url": order.draft.notify_url,
        "return_url": order.draft.return_url,
        "paid": payment is not None,
        "paid_money": payment.money if payment else None,
        "refunded_fen": order.refunded_fen,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {**dataclasses.asdict(attempt), "sent_at": attempt.sent_at.isoformat()}
