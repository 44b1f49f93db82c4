"""A paid order whose goods are not out: find them again, or give the money back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import exists, literal_column, select, text

from shop_core.cases.cases import MACHINE, CaseKind, close_case
from shop_core.catalog.read import is_kept_in_wallets
from shop_core.db import outbox
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.models import Task
from shop_core.delivery.secure import Secured, Wanted, secure
from shop_core.delivery.top_ups import secure_top_up
from shop_core.messaging.queue import mark_told
from shop_core.orders.models import Order, OrderLine, OrderState, Source
from shop_core.orders.read import LineView, OrderView, lock_by_id
from shop_core.orders.steps import hand_over_order, note_goods, refund_outside, refund_paid, waits_cause
from shop_core.payments.refunds import find_returnable
from shop_core.supply.models import IS_LIVE, Purchase

log = structlog.get_logger()

_IS_BOUGHT_FOR: Final = (
    exists()
    .where(OrderLine.order_id == Order.id, Purchase.line_id == OrderLine.id, text(f"purchases.{IS_LIVE}"))
    .correlate(Order)
)


_IS_A_TASK: Final = (
    exists()
    .where(OrderLine.order_id == Order.id, Task.line_id == OrderLine.id, text("tasks.state = 'open'"))
    .correlate(Order)
)


async def fulfil(shop: Shop, news: News) -> None:
    """Consumer of ``OrderPaid``. In one transaction with the news: delivered, or refunded to the wallet."""
    await shop.write(_on_news, news)


def _on_news(tx: Tx, news: News) -> None:
    finish_paid(tx, int(news.payload["order_id"]))
    outbox.done(tx, news)


async def sweep_undelivered(shop: Shop, *, limit: int = 20) -> int:
    """Finish paid orders that the news did not reach. Returns how many it looked at.

    Finds nothing in a healthy shop: an order is ``paid`` only between two transactions, or while something is bought
    for it or staff are at it.
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
            select(Order.id)
            .where(Order.state == literal_column("'paid'"), ~_IS_BOUGHT_FOR, ~_IS_A_TASK)
            .order_by(Order.id)
            .limit(limit)
        )
        .scalars()
        .all()
    )


def finish_paid(tx: Tx, order_id: int) -> None:
    """Carry a ``paid`` order on. Anything else is left as it is."""
    order = lock_by_id(tx, order_id)
    if order.state is OrderState.PAID:
        carry_on(tx, order)


def carry_on(tx: Tx, order: OrderView) -> None:
    """Deliver a locked ``paid`` order if all its goods are there, wait if some are being bought, else refund it.

    May run at any time: it looks at what is held and under way, and never buys what is. Where the money goes is the
    product's to say.
    """
    found = {_secure_line(tx, line) for line in order.lines}
    if Secured.WAITING in found:
        return
    # What came of it is news of its own.
    mark_told(tx, order.address, waits_cause(order.id))
    if Secured.NOWHERE not in found and hand_over_order(tx, order, paid_with=order.paid_with or ""):
        close_case(tx, CaseKind.UNDELIVERED, order.id, by=MACHINE, resolution="delivered")
        return
    is_kept = is_kept_in_wallets(tx, [line.variant_id for line in order.lines])
    receipt = None if is_kept else find_returnable(tx, order.id, order.total)
    if receipt is None:
        refund_paid(tx, order, by=MACHINE)
    else:
        refund_outside(tx, order, receipt, by=MACHINE)


def _secure_line(tx: Tx, line: LineView) -> Secured:
    wanted = Wanted(line.id, line.variant_id, line.quantity, line.paid)
    if line.is_top_up:
        return secure_top_up(tx, wanted)
    found = secure(tx, wanted)
    if found is not Secured.WAITING:
        note_goods(tx, line, line.source)
    elif line.source is not Source.SUPPLY:
        note_goods(tx, line, Source.SUPPLY)
    return found
