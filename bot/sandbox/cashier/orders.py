"""The vendor's orders: what was asked for, what was paid, what went back. Kept in memory, on purpose."""

import dataclasses
import datetime as dt
import re
import secrets
from collections.abc import Callable

from bot.sandbox.cashier.settings import Duplicates

METHODS = ("alipay", "wxpay", "qqpay", "usdt", "bank")
NAME_LIMIT_BYTES = 127
OUT_TRADE_NO_LIMIT = 32  # Not stated by the protocol; the length every known site takes.

_MONEY = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,2}))?")
_BEIJING = dt.timezone(dt.timedelta(hours=8))

Clock = Callable[[], dt.datetime]


class Refused(Exception):
    """The vendor says no; nothing was changed. The text is the ``msg`` of the answer."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a merchant asked for, checked. ``method`` is empty where the payer is to choose."""

    out_trade_no: str
    method: str
    name: str
    money: str
    notify_url: str
    return_url: str
    param: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that a payer handed over: yuan text, by which method, and the channel's own number."""

    money: str
    method: str
    api_trade_no: str
    paid_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One vendor order. Paid when it has a payment; a refund leaves it paid, as V1 has no other word."""

    trade_no: str
    draft: Draft
    created_at: dt.datetime
    payment: Payment | None = None
    refunded_fen: int = 0

    @property
    def method(self) -> str:
        """The method paid with, else the one asked for (maybe empty)."""
        return self.payment.method if self.payment else self.draft.method

    @property
    def money(self) -> str:
        """The amount as the vendor reports it: what was paid, else what was asked for."""
        return self.payment.money if self.payment else self.draft.money


class OrderBook:
    """All orders of the one merchant, oldest first. Single-threaded: called from one event loop only."""

    def __init__(self, clock: Clock) -> None:
        """Start empty; ``clock`` answers with aware times."""
        self._clock = clock
        self._orders: dict[str, Order] = {}
        self._sequence = secrets.randbelow(90_000)

    def place(self, draft: Draft, duplicates: Duplicates) -> Order:
        """Open an order, or answer with the old one of the same number.

        Raises:
            Refused: The number is known and this site refuses repeats, or the amount differs.
        """
        old = self.find(out_trade_no=draft.out_trade_no)
        if old is None:
            return self._open(draft)
        if duplicates == "refuse":
            raise Refused("商户订单号已存在，请勿重复提交")
        if fen_of(old.draft.money) != fen_of(draft.money):
            raise Refused("订单金额与之前提交的不一致")
        return old

    def find(self, *, trade_no: str = "", out_trade_no: str = "") -> Order | None:
        """Find by the vendor's number, which wins, or by the merchant's (its first order)."""
        if trade_no:
            return self._orders.get(trade_no)
        return next((o for o in self._orders.values() if o.draft.out_trade_no == out_trade_no), None)

    def get(self, *, trade_no: str = "", out_trade_no: str = "") -> Order:
        """Find, or refuse.

        Raises:
            Refused: There is no such order.
        """
        order = self.find(trade_no=trade_no, out_trade_no=out_trade_no)
        if order is None:
            raise Refused("订单号不存在")
        return order

    def pay(self, order: Order, *, money: str | None = None, method: str = "") -> Order:
        """Take the payer's money, once or once more.

        Paying an order that is paid already is a second payment for the same ``out_trade_no``: it gets a
        ``trade_no`` of its own, so that merchant and tests can tell it from a repeated notification.

        Args:
            order: What is paid for.
            money: Yuan text of the amount handed over; the ordered amount when absent.
            method: What the payer chose, where the merchant left that open.
        """
        current = self._orders[order.trade_no]
        if current.payment is not None:
            current = self._open(current.draft)
        payment = Payment(
            money=money or current.draft.money,
            method=method or current.draft.method or METHODS[0],
            api_trade_no=f"SANDBOX{secrets.token_hex(8).upper()}",
            paid_at=self._clock(),
        )
        return self._keep(dataclasses.replace(current, payment=payment))

    def refund(self, order: Order, money: str) -> Order:
        """Give money back. V1 has no refund number: asked twice, it is done twice, up to what was paid.

        Raises:
            Refused: The order is unpaid, or more is asked for than is left.
        """
        if order.payment is None:
            raise Refused("订单未支付，不能退款")
        refunded_fen = order.refunded_fen + fen_of(money)
        if refunded_fen > fen_of(order.payment.money):
            raise Refused("退款金额超过可退金额")
        return self._keep(dataclasses.replace(order, refunded_fen=refunded_fen))

    def all(self) -> list[Order]:
        """List every order, newest first."""
        return list(reversed(self._orders.values()))

    def clear(self) -> None:
        """Forget everything."""
        self._orders.clear()

    def _open(self, draft: Draft) -> Order:
        now = self._clock()
        self._sequence += 1
        trade_no = f"{now.astimezone(_BEIJING):%Y%m%d%H%M%S}{self._sequence % 100_000:05d}"
        return self._keep(Order(trade_no=trade_no, draft=draft, created_at=now))

    def _keep(self, order: Order) -> Order:
        self._orders[order.trade_no] = order
        return order


def fen_of(money: str) -> int:
    """Read yuan text as fen.

    Raises:
        Refused: Not a plain decimal with at most two places, or zero.
    """
    match = _MONEY.fullmatch(money)
    fen = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if fen == 0:
        raise Refused("金额不合法")
    return fen


def yuan_of(fen: int) -> str:
    """Write fen as yuan text with two places."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def shortest(money: str) -> str:
    """Write yuan text as a fork that prints numbers would: ``9.90`` as ``9.9``, ``15.00`` as ``15``."""
    return money.rstrip("0").rstrip(".") if "." in money else money


def cut_name(name: str) -> str:
    """Cut a goods name at the vendor's limit, never inside a character."""
    return name.encode()[:NAME_LIMIT_BYTES].decode(errors="ignore")


def site_time(at: dt.datetime) -> str:
    """Write a time as these sites do: Beijing, without a zone."""
    return f"{at.astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"
