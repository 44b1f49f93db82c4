"""Staff give an order's money back: to the buyer's wallet, or where it came from if its gateway does that."""

from __future__ import annotations

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import is_revealed, take_back
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.orders.errors import NotRefundable
from shop_core.orders.give_back import send_refund
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, lock_any
from shop_core.orders.steps import refund_outside, refund_paid
from shop_core.payments.refunds import LEASE, RefundView, find_returnable
from shop_core.staff import audit


class CodeWasSeen(ShopError):
    """The buyer has looked at the code, or his account was topped up: refunding needs a person who says so knowingly."""

    code = "orders.code_was_seen"


class NotReturnable(ShopError):
    """The order's money cannot go back where it came from: its gateway does not do that, or it came in parts."""

    code = "orders.not_returnable"


async def refund_order(shop: Shop, number: str, *, by: str) -> Money:
    """Refund an order whose code nobody has looked at; the code goes back on the shelf.

    Raises:
        NoSuchOrder, NotRefundable: Nothing to give back.
        CodeWasSeen: ``refund_seen_order`` is for that.
    """
    return await shop.write(_refund_unseen, number, by)


async def refund_seen_order(shop: Shop, number: str, *, by: str) -> Money:
    """Refund an order as a goodwill, whatever the buyer has seen. A code that was seen is never sold again.

    Raises:
        NoSuchOrder, NotRefundable: Nothing to give back.
    """
    return await shop.write(_refund, number, by)


async def return_order(shop: Shop, number: str, *, by: str) -> Money:
    """Refund an order whose code nobody has looked at, at the gateway that took its money: all of it.

    Returns:
        What goes back, in the currency that it came in. If the gateway does not answer now, it is asked again until it
        does; if it refuses, the money goes to the wallet.

    Raises:
        NoSuchOrder, NotRefundable: Nothing to give back.
        NotReturnable: This order's money can only go to the wallet.
        CodeWasSeen: ``return_seen_order`` is for that.
    """
    return await _send_back(shop, await shop.write(_return_unseen, number, by))


async def return_seen_order(shop: Shop, number: str, *, by: str) -> Money:
    """As ``return_order``, as a goodwill, whatever the buyer has seen. A code that was seen is never sold again."""
    return await _send_back(shop, await shop.write(_return, number, by))


async def _send_back(shop: Shop, refund: RefundView) -> Money:
    await send_refund(shop, refund)
    return refund.receipt.came


def _refund_unseen(tx: Tx, number: str, by: str) -> Money:
    return _give_back(tx, _unseen(tx, number), by)


def _refund(tx: Tx, number: str, by: str) -> Money:
    return _give_back(tx, _refundable(tx, number), by)


def _return_unseen(tx: Tx, number: str, by: str) -> RefundView:
    return _give_outside(tx, _unseen(tx, number), by)


def _return(tx: Tx, number: str, by: str) -> RefundView:
    return _give_outside(tx, _refundable(tx, number), by)


def _unseen(tx: Tx, number: str) -> OrderView:
    order = _refundable(tx, number)
    if is_revealed(tx, [line.id for line in order.lines]):
        raise CodeWasSeen(number=order.number)
    return order


def _refundable(tx: Tx, number: str) -> OrderView:
    order = lock_any(tx, number)
    if order.state not in {OrderState.PAID, OrderState.DELIVERED}:
        raise NotRefundable(state=order.state.value)
    return order


def _give_back(tx: Tx, order: OrderView, by: str) -> Money:
    for line in order.lines:
        take_back(tx, line.id)
    amount = refund_paid(tx, order, by=by)
    _record(tx, order, by, amount, to="wallet")
    return amount


def _give_outside(tx: Tx, order: OrderView, by: str) -> RefundView:
    receipt = find_returnable(tx, order.id, order.total)
    if receipt is None:
        raise NotReturnable(number=order.number)
    for line in order.lines:
        take_back(tx, line.id)
    refund = refund_outside(tx, order, receipt, by=by, due_in=LEASE)
    _record(tx, order, by, receipt.came, to=receipt.gateway)
    return refund


def _record(tx: Tx, order: OrderView, by: str, amount: Money, *, to: str) -> None:
    details: dict[str, str | int] = {"order": order.number, "amount": amount.decimal_text(), "to": to}
    audit.record(tx, actor=by, command="refund", details=details)
