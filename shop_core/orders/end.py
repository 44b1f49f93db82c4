"""How an unpaid order ends: the buyer cancels, or its time is over. Its codes go back on the shelf either way."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal_column, select

from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.orders.errors import NotCancellable
from shop_core.orders.models import Order, OrderState
from shop_core.orders.read import OrderView, lock_by_id, lock_own
from shop_core.orders.steps import close_payments, move_order, release_order


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

    May run in several processes: each order is locked, and one that another has locked is passed over.
    """
    return await shop.write(_expire, limit)


def _expire(tx: Tx, limit: int) -> int:
    due: Sequence[int] = (
        tx.execute(
            select(Order.id)
            .where(Order.state == literal_column("'awaiting'"), Order.expires_at <= tx.now)
            .order_by(Order.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        .scalars()
        .all()
    )
    for order_id in due:
        _end_unpaid(tx, lock_by_id(tx, order_id), OrderState.EXPIRED)
    return len(due)


def _end_unpaid(tx: Tx, order: OrderView, state: OrderState) -> None:
    move_order(tx, order, state, ended_at=tx.now)
    release_order(tx, order)
    close_payments(tx, order)
