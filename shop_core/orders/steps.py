"""Steps that several use cases of orders share: moving an order on, getting it paid, getting it delivered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, update

from shop_core.cases.cases import CaseKind, close_case, open_case
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import VariantView, get_variant
from shop_core.customers.people import require_somebody
from shop_core.db.base import table_of
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import hand_over
from shop_core.delivery.tasks import withdraw_task
from shop_core.delivery.top_ups import hand_over_top_up
from shop_core.kernel.events import OrderPaid
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.models import TRANSITIONS, Order, OrderLine, OrderState, Source
from shop_core.orders.read import LineView, OrderView
from shop_core.payments.payments import close_for
from shop_core.payments.receipts import ReceiptView
from shop_core.payments.refunds import RefundView, start_refund
from shop_core.stock.errors import OutOfStock
from shop_core.stock.hold import cost_of_line, hold_cards, release_held
from shop_core.supply.costs import Earned
from shop_core.supply.plan import withdraw
from shop_core.supply.routing import can_supply, has_routes

_ORDER: Final = table_of(Order)
_MOVE: Final = update(_ORDER).where(
    _ORDER.c.id == bindparam("moved"), _ORDER.c.state == bindparam("from_state")
)

_COST: Final = (
    update(table_of(OrderLine))
    .where(OrderLine.id == bindparam("of_line"))
    .values(cost_minor=bindparam("costs"), source=bindparam("goods_from"))
)
_GOODS: Final = (
    update(table_of(OrderLine))
    .where(OrderLine.id == bindparam("of_line"))
    .values(cost_minor=cost_of_line(bindparam("of_line")), source=bindparam("goods_from"))
)


def note_cost(tx: Tx, line_id: int, cost: Money) -> None:
    """Note what a line that was topped up has cost."""
    tx.execute(update(table_of(OrderLine)).where(OrderLine.id == line_id).values(cost_minor=cost.minor))


def move_order(tx: Tx, order: OrderView, state: OrderState, **values: Any) -> None:  # noqa: ANN401 - columns
    """Change the state along the table of transitions. The order is locked by the caller; the guard proves it."""
    if state not in TRANSITIONS[order.state]:
        raise RuntimeError(f"order {order.number}: {order.state} does not become {state}")
    moved = tx.execute(
        _MOVE, {"moved": order.id, "from_state": order.state.value, "state": state.value, **values}
    )
    if moved.rowcount != 1:
        raise RuntimeError(f"order {order.number} moved under our lock")


def book_paid(tx: Tx, order: OrderView, *, source: str) -> None:
    """Book that the buyer paid for goods that are not out yet. ``source``: the account the money is in."""
    post(
        tx,
        key=f"order:{order.id}:paid",
        kind="order_paid",
        moves=[Move(accounts.ORDERS, source, order.total)],
    )


WAITS_TOLD_AFTER: Final = timedelta(seconds=20)
"""Buying usually takes a few seconds: then the goods are the news."""

TOLD_BY_ANSWER: Final = timedelta(seconds=4)
"""News of what a person just did himself waits this long: the answer to his press usually tells it first."""


def waits_cause(order_id: int) -> str:
    """The cause under which the news is queued that a paid order still waits for its goods."""
    return f"order:{order_id}:waits"


def delivered_cause(order_id: int) -> str:
    """The cause under which the news of a delivery is queued."""
    return f"order:{order_id}:delivered"


def deliver_paid(tx: Tx, order: OrderView, *, paid_with: str, told_in: timedelta = timedelta(0)) -> bool:
    """Take an order on whose money was just booked: hand it over if it comes from the shelf, where its cards are held.

    Where the goods have to be bought or topped up, or a held card is missing, the order stands as ``paid`` and
    ``orders.fulfil`` is told: the money is kept safe, and the buyer's goods are looked for.

    Returns:
        Whether the goods are out.
    """
    if any(line.source is not Source.STOCK for line in order.lines):
        _wait_for_supply(tx, order, paid_with=paid_with)
        return False
    if hand_over_order(tx, order, paid_with=paid_with, told_in=told_in):
        return True
    move_order(tx, order, OrderState.PAID, paid_at=tx.now, paid_with=paid_with)
    open_case(tx, CaseKind.UNDELIVERED, order.id, {"number": order.number})
    tx.publish(OrderPaid(order.id))
    queue_message(
        tx, order.address, NewsKind.ORDER_WAITS, {"order_id": order.id}, cause=waits_cause(order.id)
    )
    return False


def hand_over_order(tx: Tx, order: OrderView, *, paid_with: str, told_in: timedelta = timedelta(0)) -> bool:
    """Hand everything over, book it, and move the order to ``delivered``. False: something that it held is missing."""
    if not all(_hand_over(tx, line) for line in order.lines):
        return False
    now = tx.now
    move_order(
        tx,
        order,
        OrderState.DELIVERED,
        paid_at=order.paid_at or now,
        delivered_at=now,
        paid_with=paid_with,
        ended_at=None,
    )
    book_delivered(tx, order)
    args = {"order_id": order.id}
    cause = delivered_cause(order.id)
    queue_message(tx, order.address, NewsKind.ORDER_DELIVERED, args, cause=cause, due_in=told_in)
    return True


def _hand_over(tx: Tx, line: LineView) -> bool:
    deliver = hand_over_top_up if line.is_top_up else hand_over
    return deliver(tx, line.id, line.quantity)


def note_goods(tx: Tx, line: LineView, source: Source) -> None:
    """Note on a line where its goods come from, and what those that it has cost."""
    tx.execute(_GOODS, {"of_line": line.id, "goods_from": source.value})


def _wait_for_supply(tx: Tx, order: OrderView, *, paid_with: str) -> None:
    """The money is in; what the order lacks is going to be bought. Its buyer is told only if that takes a while."""
    move_order(tx, order, OrderState.PAID, paid_at=tx.now, paid_with=paid_with, ended_at=None)
    tx.publish(OrderPaid(order.id))
    queue_message(
        tx,
        order.address,
        NewsKind.ORDER_WAITS,
        {"order_id": order.id},
        cause=waits_cause(order.id),
        due_in=WAITS_TOLD_AFTER,
    )


def book_delivered(tx: Tx, order: OrderView) -> None:
    """Book that the goods are out: the money is earned."""
    move = Move(accounts.SALES, accounts.ORDERS, order.total)
    post(tx, key=f"order:{order.id}:delivered", kind="order_delivered", moves=[move])


def refund_paid(tx: Tx, order: OrderView, *, by: str) -> Money:
    """Give an order's money back to the buyer's wallet. The order is ``paid`` or ``delivered`` and locked.

    Raises:
        PersonErased: There is no such wallet any more.
    """
    require_somebody(order.address)
    _end_refunded(tx, order, accounts.wallet(order.person_id), by=by)
    tell_refunded(tx, order)
    return order.total


def refund_outside(
    tx: Tx, order: OrderView, receipt: ReceiptView, *, by: str, due_in: timedelta = timedelta(0)
) -> RefundView:
    """Give an order's money back at the gateway that took it. The buyer is told when the gateway has answered.

    Args:
        receipt: What ``find_returnable`` found.
        due_in: How long the caller has to ask the gateway himself.
    """
    _end_refunded(tx, order, accounts.RETURNING, by=by)
    return start_refund(tx, receipt, by=by, order_id=order.id, due_in=due_in)


def _end_refunded(tx: Tx, order: OrderView, target: str, *, by: str) -> None:
    """End the order.

    What was only planned to be bought for it is given up, and what came of it already goes on the shelf.

    Raises:
        PurchaseUnderWay, TaskTaken: A supplier, or somebody of the staff, may still deliver: goods and money would both be
            gone. Nothing was given back.
    """
    if order.state is OrderState.PAID:
        withdraw(tx, [line.id for line in order.lines])
        for line in order.lines:
            if line.is_top_up:
                withdraw_task(tx, line.id)
        release_order(tx, order)
    source = accounts.REFUNDS if order.state is OrderState.DELIVERED else accounts.ORDERS
    moves = [Move(target, source, order.total)]
    post(tx, key=f"order:{order.id}:refunded", kind="order_refunded", moves=moves)
    move_order(tx, order, OrderState.REFUNDED, ended_at=tx.now)
    close_case(tx, CaseKind.UNDELIVERED, order.id, by=by, resolution="refunded")


def tell_refunded(tx: Tx, order: OrderView) -> None:
    """Queue the news that the buyer has his money back."""
    cause = f"order:{order.id}:refunded"
    queue_message(tx, order.address, NewsKind.ORDER_REFUNDED, {"order_id": order.id}, cause=cause)


def close_payments(tx: Tx, order: OrderView) -> None:
    """The order needs no money any more: what was asked for is closed, and late money goes elsewhere."""
    close_for(tx, order.id)


def hold_line(tx: Tx, variant: VariantView, quantity: int, line_id: int) -> None:
    """Hold cards for a line, and note on it what they cost; or see that they can be bought once it is paid.

    Raises:
        OutOfStock: Fewer left, and no supplier sells them without a loss.
    """
    if variant.kind is GoodsKind.TOP_UP:
        _see_top_up(tx, variant, quantity, line_id)
        return
    try:
        cost = hold_cards(
            tx,
            variant_id=variant.id,
            quantity=quantity,
            sell_until_days=variant.sell_until_days,
            line_id=line_id,
        )
    except OutOfStock as refusal:
        if not can_supply(tx, variant.id, quantity, Earned(variant.price * quantity, quantity)):
            raise
        # A line comes from one place: what was found of it stays for whoever wants no more than that.
        if refusal.details["left"]:
            release_held(tx, line_id)
        tx.execute(_COST, {"of_line": line_id, "costs": 0, "goods_from": Source.SUPPLY.value})
        return
    tx.execute(_COST, {"of_line": line_id, "costs": cost, "goods_from": Source.STOCK.value})


def _see_top_up(tx: Tx, variant: VariantView, quantity: int, line_id: int) -> None:
    """See that somebody can top up once it is paid: a supplier where one is connected, else staff."""
    if can_supply(tx, variant.id, quantity, Earned(variant.price * quantity, quantity)):
        source, cost = Source.SUPPLY, 0
    elif has_routes(tx, variant.id):
        raise OutOfStock(left=0)
    else:
        source, cost = Source.STAFF, variant.cost.minor * quantity
    tx.execute(_COST, {"of_line": line_id, "costs": cost, "goods_from": source.value})


def hold_again(tx: Tx, order: OrderView) -> bool:
    """Look for codes for an order whose hold is gone. False: sold out, and nothing stays held."""
    try:
        for line in order.lines:
            variant = get_variant(tx, line.variant_id)
            hold_line(tx, variant, line.quantity, line.id)
    except OutOfStock:
        release_order(tx, order)
        return False
    return True


def release_order(tx: Tx, order: OrderView) -> None:
    """Put back whatever the order still holds."""
    for line in order.lines:
        release_held(tx, line.id)
