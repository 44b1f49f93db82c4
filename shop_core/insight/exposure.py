"""Recording exposure cheaply: collected in memory, written many at a time. A crash loses some seconds of it, no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, insert, select

from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.insight.models import Exposure
from shop_core.orders.models import Order

KEEP_AT_MOST: Final = 5000
"""Rows waiting in memory; past that the oldest is dropped rather than memory grown."""


class Step(StrEnum):
    """How far a product got with a person."""

    SHOWN = "shown"
    OPENED = "opened"
    STARTED = "started"


class ExposureLog:
    """Collects what screens showed. Numbers for later, never part of a trade: losing some rows is allowed."""

    def __init__(self) -> None:
        self._waiting: list[dict[str, object]] = []

    def note(self, shop: Shop, customer: Customer, step: Step, product_ids: Iterable[int]) -> None:
        """Remember that a person met these products."""
        now = shop.clock.now()
        common = {"at": now, "person_id": customer.person_id, "channel": customer.channel, "step": step.value}
        self._waiting.extend(common | {"product_id": product_id} for product_id in product_ids)
        del self._waiting[:-KEEP_AT_MOST]

    async def flush(self, shop: Shop) -> int:
        """Write what was collected. Returns how many rows."""
        rows, self._waiting = self._waiting, []
        if rows:
            await shop.write(_insert, rows)
        return len(rows)


def _insert(tx: Tx, rows: list[dict[str, object]]) -> None:
    tx.execute(insert(Exposure), rows)


def funnel(view: View, since: datetime) -> Mapping[str, int]:
    """How many times each step was reached since a moment, from ``shown`` to ``delivered``."""
    seen = view.execute(
        select(Exposure.step, func.count().label("number"))
        .where(Exposure.at >= since)
        .group_by(Exposure.step)
    )
    counts: dict[str, int] = dict.fromkeys([*Step, "ordered", "paid", "delivered"], 0)
    counts.update({row.step: row.number for row in seen})
    orders = view.execute(
        select(
            func.count().label("ordered"),
            func.count(Order.paid_at).label("paid"),
            func.count(Order.delivered_at).label("delivered"),
        ).where(Order.placed_at >= since)
    ).one()
    counts.update(ordered=orders.ordered, paid=orders.paid, delivered=orders.delivered)
    return counts
