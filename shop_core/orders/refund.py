"""Staff give an order's money back, to the buyer's wallet."""

from __future__ import annotations

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import is_revealed, take_back
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.orders.errors import NotRefundable
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, lock_any
from shop_core.orders.steps import refund_paid
from shop_core.staff import audit


class CodeWasSeen(ShopError):
    """The buyer has looked at the code: refunding needs a person who says so knowingly."""

    code = "orders.code_was_seen"


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


def _refund_unseen(tx: Tx, number: str, by: str) -> Money:
    order = _refundable(tx, number)
    if is_revealed(tx, [line.id for line in order.lines]):
        raise CodeWasSeen(number=order.number)
    return _give_back(tx, order, by)


def _refund(tx: Tx, number: str, by: str) -> Money:
    return _give_back(tx, _refundable(tx, number), by)


def _refundable(tx: Tx, number: str) -> OrderView:
    order = lock_any(tx, number)
    if order.state not in {OrderState.PAID, OrderState.DELIVERED}:
        raise NotRefundable(state=order.state.value)
    return order


def _give_back(tx: Tx, order: OrderView, by: str) -> Money:
    for line in order.lines:
        take_back(tx, line.id)
    amount = refund_paid(tx, order, by=by)
    audit.record(
        tx, actor=by, command="refund", details={"order": order.number, "amount": amount.decimal_text()}
    )
    return amount
