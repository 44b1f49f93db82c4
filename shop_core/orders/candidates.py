"""Which orders money without a place may have been meant for: evidence for the person who decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select

from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.kernel.numbers import parse_number
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import Order, OrderState
from shop_core.orders.read import OrderView, get_any
from shop_core.payments.receipts import ReceiptView

LOOKED_BACK: Final = timedelta(days=2)
_NEWEST: Final = 2000
"""Orders looked at; amounts have no index."""
_MOST: Final = 2
PAYABLE: Final = frozenset({OrderState.AWAITING, OrderState.EXPIRED})
"""What odd money may pay by decision of staff. Who cancelled wants the money, not the goods."""


class Why(StrEnum):
    """What speaks for an order."""

    NUMBER = "number"
    """The payer gave its number."""
    AMOUNT = "amount"
    """It waits, or waited lately, for exactly this much."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that the money may have been meant for."""

    order: OrderView
    why: Why


def list_candidates(view: View, receipt: ReceiptView) -> Sequence[Candidate]:
    """The likeliest first."""
    named = _by_number(view, receipt)
    first = () if named is None else (Candidate(named, Why.NUMBER),)
    others = [number for number in _by_amount(view, receipt) if named is None or number != named.number]
    return [*first, *(Candidate(get_any(view, number), Why.AMOUNT) for number in others)]


def surplus(order: OrderView, amount: Money) -> Money | None:
    """What is left of the money once it has paid the order; None: it cannot pay it."""
    if order.state not in PAYABLE or amount.currency != order.total.currency or amount < order.total:
        return None
    return amount - order.total


def _by_number(view: View, receipt: ReceiptView) -> OrderView | None:
    number = parse_number(receipt.number)
    try:
        return None if number is None else get_any(view, number)
    except NoSuchOrder:
        return None


def _by_amount(view: View, receipt: ReceiptView) -> Sequence[str]:
    newest = select(Order.id).order_by(Order.id.desc()).limit(_NEWEST).subquery()
    since = receipt.received_at - LOOKED_BACK
    waiting = select(Order.number).where(
        Order.id.in_(select(newest.c.id)),
        Order.state.in_([state.value for state in PAYABLE]),
        Order.currency == receipt.amount.currency,
        Order.total_minor == receipt.amount.minor,
        Order.placed_at >= since,
        Order.placed_at <= receipt.received_at,
    )
    return view.execute(waiting.order_by(Order.id.desc()).limit(_MOST)).scalars().all()
