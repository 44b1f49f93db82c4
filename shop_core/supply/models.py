"""Offers, routes, purchases and what was asked about them, and the one table of what may follow what."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.catalog.models import Variant
from shop_core.db.base import Base, Big, Claimable, Id, Json, Ref


class PurchaseState(StrEnum):
    """Where a purchase is."""

    PLANNED = "planned"
    SENT = "sent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"


TRANSITIONS: Final[dict[PurchaseState, frozenset[PurchaseState]]] = {
    PurchaseState.PLANNED: frozenset(
        {
            PurchaseState.SENT,
            PurchaseState.ACCEPTED,
            PurchaseState.UNKNOWN,
            PurchaseState.DONE,
            PurchaseState.REFUSED,
        }
    ),
    PurchaseState.SENT: frozenset(
        {
            PurchaseState.PLANNED,
            PurchaseState.ACCEPTED,
            PurchaseState.UNKNOWN,
            PurchaseState.DONE,
            PurchaseState.REFUSED,
        }
    ),
    PurchaseState.ACCEPTED: frozenset({PurchaseState.UNKNOWN, PurchaseState.DONE, PurchaseState.REFUSED}),
    PurchaseState.UNKNOWN: frozenset({PurchaseState.ACCEPTED, PurchaseState.DONE, PurchaseState.REFUSED}),
    PurchaseState.DONE: frozenset(),
    PurchaseState.REFUSED: frozenset({PurchaseState.DONE}),
}
"""What may follow what, and who does it.

``planned`` → ``sent``: the worker, in the commit before it calls (orders.buy). → ``refused``: the price rose, the offer is
gone, the supplier is not to be had, or the order is refunded first (orders.buy, orders.refund): nothing was sent. → anything
else: the supplier tells of a purchase that it had said it did not take (orders.told).
``sent`` → ``planned``: the call certainly had no effect, and is made again later under the same number (orders.buy).
``sent``, ``accepted``, ``unknown`` → ``accepted`` | ``done`` | ``refused``: the supplier's answer to the call or to a
question, its callback, or a person who has looked it up (orders.buy, orders.told, orders.decide).
``sent`` → ``unknown``: no readable answer came, or the process died with the call (orders.buy). ``accepted`` → ``unknown``:
it says that it is done and gives fewer pieces than were bought.
``refused`` → ``done``: late: the supplier delivers after all (orders.told). Its goods go on the shelf.
"""

LIVE: Final = (
    PurchaseState.PLANNED,
    PurchaseState.SENT,
    PurchaseState.ACCEPTED,
    PurchaseState.UNKNOWN,
)
"""Purchases that may still bring goods: a line has at most one, and its order is not refunded meanwhile."""

UNDER_WAY: Final = (PurchaseState.SENT, PurchaseState.ACCEPTED, PurchaseState.UNKNOWN)
"""Purchases that have left us: what they have cost already, only the supplier knows."""

WITHDRAWN: Final = "withdrawn"
"""The reason of a purchase that was given up before anybody was asked: its offer may be tried again."""

IS_LIVE: Final = "state IN ('planned', 'sent', 'accepted', 'unknown')"
"""``LIVE`` as the partial indexes spell it."""


class SupplyOffer(Base):
    """Something a supplier sells, as it was last seen. ``ref`` is the supplier's name for it.

    ``stock`` None: not known. ``on_sale``: it was on the supplier's list when it was last read. ``inputs``: what the buyer
    has to say for it; ``needs_inputs``: some of it he must.
    """

    __tablename__ = "supply_offers"
    __table_args__ = (UniqueConstraint("supplier", "ref"),)

    id: Mapped[Id]
    supplier: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    cost_minor: Mapped[Big]
    on_sale: Mapped[bool]
    stock: Mapped[int | None] = mapped_column(BigInteger)
    fewest: Mapped[int] = mapped_column(Integer)
    most: Mapped[int | None] = mapped_column(Integer)
    needs_inputs: Mapped[bool]
    inputs: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, server_default=text("'[]'"))
    seen_at: Mapped[datetime]


class Route(Base):
    """A variant may be bought through an offer. Lower ``priority`` is asked first.

    ``max_cost_minor``: what one piece may cost the shop, as the owner said; without it the shop's margin decides.
    """

    __tablename__ = "supply_routes"
    __table_args__ = (
        UniqueConstraint("variant_id", "offer_id"),
        CheckConstraint("max_cost_minor > 0", name="max_cost_positive"),
    )

    id: Mapped[Id]
    variant_id: Mapped[Ref] = mapped_column(ForeignKey(Variant.id))
    offer_id: Mapped[Ref] = mapped_column(ForeignKey(SupplyOffer.id))
    priority: Mapped[int] = mapped_column(Integer)
    max_cost_minor: Mapped[int | None] = mapped_column(BigInteger)


class Purchase(Claimable, Base):
    """One attempt to buy what one order line lacks. Committed before the supplier hears of it.

    ``number`` is ours, and the supplier's only handle on us: one attempt, one number, kept for every repeat. The partial
    unique index is the promise that nothing is bought twice: a line has at most one purchase that is not over.

    Attributes:
        line_id: Whom it is for; supply knows no orders.
        limit_minor: What all of it may cost, in the supplier's currency.
        expected_minor: What it cost when it was looked at just before.
        cost_minor: What the supplier says that it charged.
        booked_minor: What the books say of it; None: nothing yet.
        returned_minor: What of that it has given back.
        corrected_minor: What reconciliation has booked more, or less below zero, as the supplier's list has it.
        delivered: How many pieces have come and are the line's, or were when they came.
        inputs: The supplier's name for what the buyer said → ours: the same for every repeat.
        tries: How often it was sent, or was about to be.
        reason: Why it was refused.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("line_id", "attempt"),
        Index(
            "uq_purchases_live",
            "line_id",
            unique=True,
            sqlite_where=text(IS_LIVE),
            postgresql_where=text(IS_LIVE),
        ),
        Index(
            "ix_purchases_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_purchases_sent",
            "supplier",
            sqlite_where=text("state = 'sent'"),
            postgresql_where=text("state = 'sent'"),
        ),
        Index("ix_purchases_supplier_ref", "supplier", "supplier_ref"),
        Index("ix_purchases_sent_at", "supplier", "sent_at"),
        Index("ix_purchases_ended_at", "supplier", "ended_at"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(12))
    line_id: Mapped[Ref]
    variant_id: Mapped[Ref]
    attempt: Mapped[int] = mapped_column(Integer)
    offer_id: Mapped[Ref] = mapped_column(ForeignKey(SupplyOffer.id))
    supplier: Mapped[str] = mapped_column(String(20))
    offer_ref: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))
    quantity: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    limit_minor: Mapped[Big]
    expected_minor: Mapped[int | None] = mapped_column(BigInteger)
    cost_minor: Mapped[int | None] = mapped_column(BigInteger)
    booked_minor: Mapped[int | None] = mapped_column(BigInteger)
    returned_minor: Mapped[Big] = mapped_column(default=0, server_default="0")
    corrected_minor: Mapped[Big] = mapped_column(default=0, server_default="0")
    supplier_ref: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(20))
    delivered: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    inputs: Mapped[dict[str, str]] = mapped_column(default=dict, server_default=text("'{}'"))
    planned_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PurchaseAsk(Base):
    """One thing the supplier was asked, or told us, about a purchase, and what came of it: the evidence for a person.

    ``what``: price, place, query, callback, person. ``said``: the supplier's words, cut; never goods.
    """

    __tablename__ = "purchase_asks"
    __table_args__ = (Index("ix_purchase_asks_purchase", "purchase_id", "id"),)

    id: Mapped[Id]
    purchase_id: Mapped[Ref] = mapped_column(ForeignKey(Purchase.id))
    what: Mapped[str] = mapped_column(String(10))
    answer: Mapped[str] = mapped_column(String(24))
    said: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime]


class Health(Base):
    """How a supplier, one of its offers, or a channel's vendor has answered lately: the breaker, and the pace of sending.

    ``opened_until`` None: it is asked as usual. Later than now: it is left alone. Passed: one purchase may probe it, and
    says so in ``probe_until``. ``next_at``: when the next purchase may be sent (of a supplier).
    """

    __tablename__ = "supply_health"

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    pause_s: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    opened_until: Mapped[datetime | None]
    probe_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]


class ListReading(Base):
    """When a supplier's list was last read to its end: what changed in it, and all of it."""

    __tablename__ = "supply_lists"

    supplier: Mapped[str] = mapped_column(String(20), primary_key=True)
    read_at: Mapped[datetime]
    full_at: Mapped[datetime]


class FloatReading(Base):
    """What a supplier said that we have there.

    ``booked_minor``: what the books said then; None: purchases were under way, so the two need not agree.
    """

    __tablename__ = "float_readings"
    __table_args__ = (Index("ix_float_readings_supplier", "supplier", "at"),)

    id: Mapped[Id]
    supplier: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[Big]
    booked_minor: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]
