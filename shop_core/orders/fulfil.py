"""A paid order whose goods are not out: find them again, or give the money back."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import literal_column, select

from shop_core.cases.cases import MACHINE, CaseKind, close_case
from shop_core.db import outbox
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.orders.models import Order, OrderState
from shop_core.orders.read import lock_by_id
from shop_core.orders.steps import deliver_paid, hold_again, refund_outside, refund_paid
from shop_core.payments.refunds import find_returnable

log = structlog.get_logger()


async def fulfil(shop: Shop, news: News) -> None:
    """Consumer of ``OrderPaid``. In one transaction with the news: delivered, or refunded to the wallet."""
    await shop.write(_on_news, news)


def _on_news(tx: Tx, news: News) -> None:
    finish_paid(tx, int(news.payload["order_id"]))
    outbox.done(tx, news)


async def sweep_undelivered(shop: Shop, *, limit: int = 20) -> int:
    """Finish paid orders that the news did not reach. Returns how many it looked at.

    Finds nothing in a healthy shop: an order is ``paid`` only between two transactions.
    """
    stuck = await shop.read(_list_stuck, limit)
    for order_id in stuck:
        # One transaction each: an order that cannot be finished does not keep the others from it.
        try:
            await shop.write(finish_paid, order_id)
        except Exception:
            log.exception("paid order cannot be finished", order=order_id)
    return len(stuck)


def _list_stuck(view: View, limit: int) -> Sequence[int]:
    return (
        view.execute(
            select(Order.id).where(Order.state == literal_column("'paid'")).order_by(Order.id).limit(limit)
        )
        .scalars()
        .all()
    )


def finish_paid(tx: Tx, order_id: int) -> None:
    """Deliver a ``paid`` order if codes can be found, else refund it. Anything else is left as it is."""
    order = lock_by_id(tx, order_id)
    if order.state is not OrderState.PAID:
        return
    if hold_again(tx, order) and deliver_paid(tx, order, paid_with=order.paid_with or ""):
        close_case(tx, CaseKind.UNDELIVERED, order.id, by=MACHINE, resolution="delivered")
        return
    receipt = find_returnable(tx, order.id, order.total)
    if receipt is None:
        refund_paid(tx, order, by=MACHINE)
    else:
        refund_outside(tx, order, receipt, by=MACHINE)
