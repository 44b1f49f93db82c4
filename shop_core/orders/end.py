"""How an unpaid order ends: the buyer cancels, or its time is over. Its codes go back on the shelf either way."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import literal_column, select

from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.orders.errors import NotCancellable
from shop_core.orders.models import Order, OrderState
from shop_core.orders.read import OrderView, lock_by_id, lock_own
from shop_core.orders.steps import close_payments, move_order, release_order

log = structlog.get_logger()


async def cancel_order(shop: Shop, customer: Customer, number: str) -> OrderView:
    """Cancel an unpaid order. Cancelling it twice is the same as once.

    Raises:
        NoSuchOrder: Not his.
        NotCancellable: Paid meanwhile; the buyer has the goods.
    """
    return await shop.write(_cancel, customer.person_id, number)


def _cancel(tx: Tx, person_id: int, number: str) -> OrderView:
    order = lock_own(tx, person_id, number)
    if order.state in {OrderState.CANCELLED, OrderState.EXPIRED}:
        return order
    if order.state is not OrderState.AWAITING:
        raise NotCancellable(state=order.state.value)
    _end_unpaid(tx, order, OrderState.CANCELLED)
    return lock_by_id(tx, order.id)


async def expire_orders(shop: Shop, *, limit: int = 50) -> int:
    """End the unpaid orders whose deadline has passed, oldest first. Returns how many.

    May run in several processes: each order is locked and looked at again before it ends.
    """
    due = await shop.read(_list_due, limit)
    ended = 0
    for order_id in due:
        # One transaction each: an order that cannot be ended does not keep the others' codes off the shelf.
        try:
            ended += await shop.write(_expire, order_id)
        except Exception:
            log.exception("order cannot be expired", order=order_id)
    return ended


def _list_due(view: View, limit: int) -> Sequence[int]:
    return (
        view.execute(
            select(Order.id)
            .where(Order.state == literal_column("'awaiting'"), Order.expires_at <= view.now)
            .order_by(Order.expires_at)
            .limit(limit)
        )
        .scalars()
        .all()
    )


def _expire(tx: Tx, order_id: int) -> bool:
    order = lock_by_id(tx, order_id)
    if order.state is not OrderState.AWAITING or order.expires_at > tx.now:
        return False
    _end_unpaid(tx, order, OrderState.EXPIRED)
    return True


def _end_unpaid(tx: Tx, order: OrderView, state: OrderState) -> None:
    move_order(tx, order, state, ended_at=tx.now)
    release_order(tx, order)
    close_payments(tx, order)
