"""An order in the words of the dujiao-next protocol, as answers and callbacks have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from shop_core.kernel.secret import Secret
from shop_core.orders.models import OrderState
from shop_core.resale.trade import Resold

STATUS: Final[Mapping[OrderState, str]] = {
    OrderState.AWAITING: "pending_payment",
    OrderState.PAID: "fulfilling",
    OrderState.DELIVERED: "delivered",
    OrderState.CANCELLED: "canceled",
    OrderState.EXPIRED: "canceled",
    OrderState.REFUNDED: "refunded",
}


def placed(resold: Resold) -> dict[str, Any]:
    """What placing answers."""
    order = resold.order
    return {
        "order_id": order.id,
        "order_no": order.number,
        "downstream_order_no": resold.number,
        "status": STATUS[order.state],
        "amount": order.total.decimal_text(),
        "currency": order.total.currency,
    }


def whole(resold: Resold, codes: Sequence[Secret]) -> dict[str, Any]:
    """What a question answers: with the goods, where they are out."""
    order = resold.order
    told = placed(resold)
    told["items"] = [{"sku_id": line.variant_id, "quantity": line.quantity} for line in order.lines]
    if codes:
        told["fulfillment"] = _fulfillment(codes, order.delivered_at)
    if order.state is OrderState.REFUNDED:
        told["refunded_amount"] = order.total.decimal_text()
    return told


def callback(resold: Resold, codes: Sequence[Secret], now: datetime) -> dict[str, Any]:
    """What the other shop is told by itself."""
    order = resold.order
    told: dict[str, Any] = {
        "event": "order.fulfilled" if order.state is OrderState.DELIVERED else "order.status_changed",
        "order_id": order.id,
        "order_no": order.number,
        "downstream_order_no": resold.number,
        "status": STATUS[order.state],
        "timestamp": int(now.timestamp()),
    }
    if codes:
        told["fulfillment"] = _fulfillment(codes, order.delivered_at)
    return told


def _fulfillment(codes: Sequence[Secret], delivered_at: datetime | None) -> dict[str, Any]:
    """Cards one on a line, as the protocol has it, and each by itself: a card may have several lines."""
    texts = [code.reveal() for code in codes]
    return {
        "type": "auto",
        "status": "delivered",
        "payload": "\n".join(texts),
        "delivery_data": {"codes": texts},
        "delivered_at": None if delivered_at is None else delivered_at.isoformat(),
    }
