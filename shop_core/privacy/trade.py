"""What a person bought and paid, for his file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Row, select

from shop_core.catalog.read import pick
from shop_core.customers.models import Identity
from shop_core.customers.people import Customer
from shop_core.db.tx import View
from shop_core.delivery.models import Delivery, LineInputs, Reveal
from shop_core.orders.models import Order, OrderLine
from shop_core.payments.models import Payment, Receipt, Refund
from shop_core.privacy.readable import amount, moment
from shop_core.resale.models import DownstreamOrder

_AT_ONCE: Final = 500
"""Ids in one statement: both databases take so many."""
_LINE: Final = (
    select(
        *OrderLine.__table__.columns,
        Order.currency,
        Delivery.quantity.label("delivered"),
        Delivery.delivered_at,
        Delivery.revealed_at,
        Delivery.returned_at,
        LineInputs.echo,
    )
    .join(Order, Order.id == OrderLine.order_id)
    .outerjoin(Delivery, Delivery.line_id == OrderLine.id)
    .outerjoin(LineInputs, LineInputs.line_id == OrderLine.id)
    .order_by(OrderLine.id)
)

Told = dict[str, Any]


def list_orders(view: View, customer: Customer, *, limit: int) -> list[Told]:
    """His orders with their lines, newest first. Of codes only how many, and when he looked."""
    rows = view.execute(
        select(*Order.__table__.columns, DownstreamOrder.number.label("their_number"))
        .outerjoin(DownstreamOrder, DownstreamOrder.order_id == Order.id)
        .where(Order.person_id == customer.person_id)
        .order_by(Order.id.desc())
        .limit(limit)
    ).all()
    lines = _lines(view, customer, [row.id for row in rows])
    return [
        {
            "number": row.number,
            "on": row.channel,
            "state": row.state,
            "total": amount(row.total_minor, row.currency),
            "paid_with": row.paid_with,
            "placed_at": moment(row.placed_at),
            "paid_at": moment(row.paid_at),
            "delivered_at": moment(row.delivered_at),
            "ended_at": moment(row.ended_at),
            "lines": lines.get(row.id, []),
            **({} if row.their_number is None else {"your_number": row.their_number}),
        }
        for row in rows
    ]


def list_payments(view: View, person_id: int, *, limit: int) -> list[Told]:
    """What he was asked to pay, and what came for it, newest first. Who paid is not said: it may have been another."""
    payments = view.execute(
        select(*Payment.__table__.columns)
        .where(Payment.person_id == person_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    ).all()
    came: dict[int, list[Told]] = {}
    for ids in _parts([row.id for row in payments]):
        rows = view.execute(
            select(
                *Receipt.__table__.columns, Refund.state.label("refund"), Refund.made_at.label("refunded_at")
            )
            .outerjoin(Refund, Refund.receipt_id == Receipt.id)
            .where(Receipt.payment_id.in_(ids), Receipt.person_id == person_id)
            .order_by(Receipt.id, Refund.id)
        )
        for row in rows:
            came.setdefault(row.payment_id, []).append(_receipt(row))
    return [
        {
            "number": row.number,
            "with": row.gateway,
            "for": row.purpose,
            "amount": amount(row.amount_minor, row.currency),
            "state": row.state,
            "made_at": moment(row.made_at),
            "settled_at": moment(row.settled_at),
            "came_in": came.get(row.id, []),
        }
        for row in payments
    ]


def _receipt(row: Row[Any]) -> Told:
    return {
        "at": moment(row.received_at),
        "amount": amount(row.amount_minor, row.currency),
        "number_at_the_gateway": row.external_ref,
        "became": row.state,
        "because": row.reason,
        "sent_back": row.refund,
        "sent_back_at": moment(row.refunded_at),
    }


def _lines(view: View, customer: Customer, order_ids: list[int]) -> dict[int, list[Told]]:
    told: dict[int, list[Told]] = {}
    for ids in _parts(order_ids):
        rows = view.execute(_LINE.where(OrderLine.order_id.in_(ids))).all()
        looks = _looks(view, customer.person_id, [row.id for row in rows])
        for row in rows:
            told.setdefault(row.order_id, []).append(_line(row, customer.language, looks.get(row.id, [])))
    return told


def _line(row: Row[Any], language: str, looks: list[Told]) -> Told:
    return {
        "goods": pick(row.names, language),
        "quantity": row.quantity,
        "list_price": amount(row.list_minor, row.currency),
        "discount": amount(row.discount_minor, row.currency),
        "paid": amount(row.paid_minor, row.currency),
        "codes_delivered": row.delivered or 0,
        "delivered_at": moment(row.delivered_at),
        "first_looked_at": moment(row.revealed_at),
        "taken_back_at": moment(row.returned_at),
        "your_looks": looks,
        **({} if row.echo is None else {"what_you_filled_in": dict(row.echo)}),
    }


def _looks(view: View, person_id: int, line_ids: Collection[int]) -> dict[int, list[Told]]:
    """His own looks, by any of his identities; staff's are staff's."""
    mine = {
        f"{row.channel}:{row.external_id}": row.channel
        for row in view.execute(
            select(Identity.channel, Identity.external_id).where(Identity.person_id == person_id)
        )
    }
    rows = view.execute(
        select(Reveal.line_id, Reveal.at, Reveal.by)
        .where(Reveal.line_id.in_(line_ids), Reveal.by.in_(mine))
        .order_by(Reveal.id)
    )
    looks: dict[int, list[Told]] = {}
    for row in rows:
        looks.setdefault(row.line_id, []).append({"at": moment(row.at), "on": mine[row.by]})
    return looks


def _parts(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
