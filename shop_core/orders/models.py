"""Orders, their lines, and the one table of what may follow what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big, Id, Ref


class OrderState(StrEnum):
    """Where an order is."""

    AWAITING = "awaiting"
    PAID = "paid"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"


TRANSITIONS: Final[dict[OrderState, frozenset[OrderState]]] = {
    OrderState.AWAITING: frozenset(
        {OrderState.PAID, OrderState.DELIVERED, OrderState.CANCELLED, OrderState.EXPIRED}
    ),
    OrderState.PAID: frozenset({OrderState.DELIVERED, OrderState.REFUNDED}),
    OrderState.DELIVERED: frozenset({OrderState.REFUNDED}),
    OrderState.CANCELLED: frozenset({OrderState.DELIVERED, OrderState.PAID}),
    OrderState.EXPIRED: frozenset({OrderState.DELIVERED, OrderState.PAID}),
    OrderState.REFUNDED: frozenset(),
}
"""What may follow what, and who does it.

``awaiting`` → ``delivered``: paid with the code in stock, the normal case (orders.pay). → ``paid``: paid, and the goods
have to be bought, or the held code is not there; ``orders.fulfil`` takes over. → ``cancelled``: the buyer (orders.cancel).
→ ``expired``: the sweeper.
``paid`` → ``delivered`` | ``refunded``: orders.fulfil, the answer to a purchase (orders.heard), or staff (orders.refund).
``cancelled``, ``expired`` → ``delivered`` | ``paid``: the money came late and there was a code left, or a way to buy one
(orders.take_payment).
``delivered`` → ``refunded``: staff.
"""

COUNTS: Final = (OrderState.AWAITING, OrderState.PAID, OrderState.DELIVERED)
"""Orders that count towards a per-person limit; what ended without goods does not."""


class Source(StrEnum):
    """Where a line's goods come from."""

    STOCK = "stock"
    """Cards, held from placing on."""
    SUPPLY = "supply"
    """Bought once the order is paid; nothing is held before."""
    STAFF = "staff"
    """Fulfilled by hand once the order is paid."""


class Order(Base):
    """What a buyer and the shop agreed on. ``number`` is the same for buyer, gateway and supplier."""

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_orders_person", "person_id", "id"),
        Index(
            "ix_orders_awaiting_person",
            "person_id",
            sqlite_where=text("state = 'awaiting'"),
            postgresql_where=text("state = 'awaiting'"),
        ),
        Index(
            "ix_orders_awaiting_expiry",
            "expires_at",
            sqlite_where=text("state = 'awaiting'"),
            postgresql_where=text("state = 'awaiting'"),
        ),
        Index(
            "ix_orders_undelivered",
            "id",
            sqlite_where=text("state = 'paid'"),
            postgresql_where=text("state = 'paid'"),
        ),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[Big]
    paid_with: Mapped[str | None] = mapped_column(String(40))
    placed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class OrderLine(Base):
    """One variant of an order, with everything a later report needs: list price, discount, paid, cost.

    ``names`` is what the buyer read when he bought. Profit is ``paid_minor - cost_minor``; of goods that are bought for the
    order the cost is known when they are there. ``kind``: a ``GoodsKind``.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        Index("ix_order_lines_order", "order_id"),
        Index("ix_order_lines_person", "person_id", "variant_id"),
    )

    id: Mapped[Id]
    order_id: Mapped[Ref] = mapped_column(ForeignKey(Order.id))
    person_id: Mapped[Ref]
    variant_id: Mapped[Ref]
    names: Mapped[dict[str, str]]
    quantity: Mapped[int]
    list_minor: Mapped[Big]
    discount_minor: Mapped[Big]
    paid_minor: Mapped[Big]
    cost_minor: Mapped[Big]
    source: Mapped[str] = mapped_column(String(10), default=Source.STOCK.value, server_default="stock")
    kind: Mapped[str] = mapped_column(String(10), default="card", server_default="card")
