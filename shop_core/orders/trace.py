"""Following an order from any number somebody has in hand, and everything that happened to it: for staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select

from shop_core.cases.cases import CaseKind
from shop_core.cases.models import Case
from shop_core.db.tx import View
from shop_core.delivery.models import Delivery
from shop_core.kernel.numbers import parse_number
from shop_core.messaging.models import Message
from shop_core.messaging.queue import MessageState, NewsKind
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import Order
from shop_core.orders.read import OrderView, get_any
from shop_core.orders.search import Hits, search_by_part
from shop_core.orders.steps import delivered_cause
from shop_core.payments.models import Payment, Purpose
from shop_core.payments.payments import NoSuchPayment, PaymentView, as_view, get_payment
from shop_core.payments.receipts import ReceiptView, find_by_external_ref, list_for_payments
from shop_core.supply.purchases import PurchaseView, list_purchases

LONGEST_NUMBER: Final = 80
"""What a gateway's own number may have; anything longer is not looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a number belongs to: an order, money that has no order, or both."""

    order_number: str | None
    receipt: ReceiptView | None


@dataclass(frozen=True, slots=True)
class PaymentTrace:
    """A payment and what its gateway was asked.

    Attributes:
        asked_at: When a person last had the gateway asked.
        attempts: How often the shop has asked by itself.
        due_at: When it asks next; None: never again.
    """

    payment: PaymentView
    made_at: datetime
    asked_at: datetime | None
    attempts: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageTrace:
    """News about the order on its way to the buyer. ``problem``: what the channel last said against it."""

    id: int
    news: NewsKind
    state: MessageState
    queued_at: datetime
    sent_at: datetime | None
    due_at: datetime | None
    attempts: int
    problem: str | None
    order_id: int | None


@dataclass(frozen=True, slots=True)
class OrderTrace:
    """Everything known about an order, for whoever asks why.

    Attributes:
        payments: First made first; those for the order and top-ups made for it.
        receipts: Money that came for these payments, first come first.
        purchases: What was bought for it or tried, first made first.
        refusals: What gateways said when they refused to begin.
        revealed_at: The buyer's first look at a code.
        returned_at: The codes went back on the shelf.
    """

    order: OrderView
    payments: Sequence[PaymentTrace]
    receipts: Sequence[ReceiptView]
    refusals: Sequence[str]
    messages: Sequence[MessageTrace]
    purchases: Sequence[PurchaseView]
    revealed_at: datetime | None
    returned_at: datetime | None


def find_by_any_number(view: View, text: str) -> Found:
    """What somebody means by a number: an order's, a payment's with its attempt, or the gateway's own.

    Raises:
        NoSuchOrder: Nothing has this number.
    """
    wanted = text.strip()[:LONGEST_NUMBER]
    number = parse_number(wanted)
    if (
        number is not None
        and view.execute(select(Order.id).where(Order.number == number)).first() is not None
    ):
        return Found(number, None)
    found = find_by_external_ref(view, wanted)
    if found is None:
        raise NoSuchOrder
    receipt, payment_id = found
    return Found(None if payment_id is None else order_of_payment(view, payment_id), receipt)


def search_any_number(view: View, text: str, limit: int = 8) -> Hits:
    """What somebody means by a number, whole or in part. A whole one means one thing."""
    try:
        found = find_by_any_number(view, text)
    except NoSuchOrder:
        return search_by_part(view, text, limit)
    if found.order_number is not None:
        return Hits((get_any(view, found.order_number),), ())
    return Hits((), () if found.receipt is None else (found.receipt,))


def order_of_payment(view: View, payment_id: int) -> str | None:
    """The number of the order that a payment was made for, or None: it was made for none."""
    try:
        subject = get_payment(view, payment_id).subject_id
    except NoSuchPayment:
        return None
    return None if subject is None else find_order_number(view, subject)


def find_order_number(view: View, order_id: int) -> str | None:
    """An order's number by its id."""
    return view.execute(select(Order.number).where(Order.id == order_id)).scalar()


def trace_order(view: View, number: str) -> OrderTrace:
    """Everything about an order.

    Raises:
        NoSuchOrder: Not there.
    """
    order = get_any(view, number)
    payments = _payments(view, order)
    payment_ids = [trace.payment.id for trace in payments]
    receipts = list_for_payments(view, payment_ids)
    line_ids = [line.id for line in order.lines]
    looks = view.execute(
        select(Delivery.revealed_at, Delivery.returned_at).where(Delivery.line_id.in_(line_ids))
    ).all()
    return OrderTrace(
        order=order,
        payments=payments,
        receipts=receipts,
        refusals=_refusals(view, payment_ids),
        messages=_list_messages(view, Message.cause.in_(_causes(order, receipts))),
        purchases=list_purchases(view, line_ids),
        revealed_at=min((row.revealed_at for row in looks if row.revealed_at), default=None),
        returned_at=min((row.returned_at for row in looks if row.returned_at), default=None),
    )


def find_message(view: View, message_id: int) -> MessageTrace | None:
    """A queued message by its id: the subject of a case about one that could not be sent."""
    return next(iter(_list_messages(view, Message.id == message_id)), None)


def _payments(view: View, order: OrderView) -> Sequence[PaymentTrace]:
    rows = view.execute(
        select(*Payment.__table__.columns)
        .where(
            Payment.purpose.in_([Purpose.ORDER.value, Purpose.TOP_UP.value]),
            Payment.subject_id == order.id,
        )
        .order_by(Payment.id)
    )
    return [PaymentTrace(as_view(row), row.made_at, row.asked_at, row.attempts, row.due_at) for row in rows]


def _refusals(view: View, payment_ids: Sequence[int]) -> Sequence[str]:
    cases = view.execute(
        select(Case.evidence)
        .where(Case.kind == CaseKind.GATEWAY.value, Case.subject_id.in_(payment_ids))
        .order_by(Case.id)
    )
    return [str(evidence.get("said", "")) for evidence in cases.scalars()]


def _causes(order: OrderView, receipts: Sequence[ReceiptView]) -> Sequence[str]:
    """Under which causes news of an order is queued: those of its steps, those of money that came for it."""
    of_order = [f"order:{order.id}:{what}" for what in ("waits", "late", "checked", "refunded")]
    of_money = [
        f"receipt:{receipt.id}:{what}"
        for receipt in receipts
        for what in ("credited", "over", "topped_up", "returned")
    ]
    return [delivered_cause(order.id), *of_order, *of_money]


def _list_messages(view: View, wanted: ColumnElement[bool]) -> Sequence[MessageTrace]:
    rows = view.execute(select(*Message.__table__.columns).where(wanted).order_by(Message.id))
    return [
        MessageTrace(
            row.id,
            NewsKind(row.news),
            MessageState(row.state),
            row.queued_at,
            row.sent_at,
            row.due_at,
            row.attempts,
            row.problem,
            row.args.get("order_id") or None,
        )
        for row in rows
    ]
