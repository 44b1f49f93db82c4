"""Finding orders by a part of a number that somebody reads out: the last digits of an order's, a payment's, a receipt's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from shop_core.catalog.folding import pattern
from shop_core.db.tx import View
from shop_core.orders.models import Order
from shop_core.orders.read import OrderView, get_any
from shop_core.payments.models import Payment, Receipt, ReceiptState
from shop_core.payments.receipts import ReceiptView, get_receipt

SHORTEST: Final = 3
"""Fewer characters would name half the shop."""
LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Hits:
    """What a part of a number may mean, newest first. ``receipts``: money that no order has."""

    orders: Sequence[OrderView]
    receipts: Sequence[ReceiptView]


def search_by_part(view: View, text: str, limit: int) -> Hits:
    """Orders and odd money whose number has this in it, dashes and case aside."""
    part = "".join(char for char in text.upper() if char.isalnum())[:LONGEST]
    ref = text.strip()[:LONGEST].lower()
    if len(part) < SHORTEST:
        return Hits((), ())
    numbers = [*_orders_numbered(view, part, limit)]
    numbers += [number for number in _orders_received(view, ref, limit) if number not in numbers]
    receipts = _odd_receipts(view, ref, limit)
    return Hits([get_any(view, number) for number in numbers[:limit]], receipts)


def _orders_numbered(view: View, part: str, limit: int) -> Sequence[str]:
    """A payment's number begins with its order's, so an attempt's last digits are not looked for."""
    found = select(Order.number).where(Order.number.like(pattern(part), escape="\\"))
    return view.execute(found.order_by(Order.id.desc()).limit(limit)).scalars().all()


def _orders_received(view: View, part: str, limit: int) -> Sequence[str]:
    found = (
        select(Order.number)
        .join(Payment, Payment.subject_id == Order.id)
        .join(Receipt, Receipt.payment_id == Payment.id)
        .where(func.lower(Receipt.external_ref).like(pattern(part), escape="\\"))
    )
    return view.execute(found.order_by(Receipt.id.desc()).limit(limit)).scalars().all()


def _odd_receipts(view: View, part: str, limit: int) -> Sequence[ReceiptView]:
    found = select(Receipt.id).where(
        Receipt.state == ReceiptState.SUSPENSE.value,
        func.lower(Receipt.external_ref).like(pattern(part), escape="\\"),
    )
    ids = view.execute(found.order_by(Receipt.id.desc()).limit(limit)).scalars()
    return [get_receipt(view, receipt_id) for receipt_id in ids]
