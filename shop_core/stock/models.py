"""Batches and cards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big, Id, Ref

NEVER: Final = date(9999, 12, 31)
"""The expiry of codes that do not expire: a real date, so that one index order serves all."""


class CardState(StrEnum):
    """Where a card is. Allowed transitions, and who makes them.

    ``available`` → ``held``       an order is placed (orders.place)
    ``held``      → ``available``  it was cancelled or ran out (orders.cancel, orders.expire)
    ``held``      → ``delivered``  it was paid (delivery.hand_over)
    ``delivered`` → ``available``  it was refunded before anybody had looked at it (delivery.take_back)

    A code that a buyer has looked at stays ``delivered``: it is never sold again.
    """

    AVAILABLE = "available"
    HELD = "held"
    DELIVERED = "delivered"


class Batch(Base):
    """One import: where its codes came from, what each cost, until when they can be used."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_variant", "variant_id"),)

    id: Mapped[Id]
    variant_id: Mapped[Ref]
    origin: Mapped[str] = mapped_column(String(120))
    cost_minor: Mapped[Big]
    expires_on: Mapped[date] = mapped_column(Date)
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(170))


class Card(Base):
    """One code, sealed. ``line_id`` names the order line that holds or has it; stock does not know what a line is.

    The claim walks ``ix_cards_shelf`` in its own order (variant, expiry, batch, place in the batch). None of these is the
    primary key: ordered by that, PostgreSQL would walk the primary key instead and read past every card ever sold.
    """

    __tablename__ = "cards"
    __table_args__ = (
        UniqueConstraint("fingerprint"),
        Index(
            "ix_cards_shelf",
            "variant_id",
            "expires_on",
            "batch_id",
            "place",
            sqlite_where=text("state = 'available'"),
            postgresql_where=text("state = 'available'"),
        ),
        Index(
            "ix_cards_line",
            "line_id",
            sqlite_where=text("line_id IS NOT NULL"),
            postgresql_where=text("line_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    variant_id: Mapped[Ref]
    batch_id: Mapped[Ref] = mapped_column(ForeignKey(Batch.id))
    place: Mapped[int] = mapped_column(Integer)
    expires_on: Mapped[date] = mapped_column(Date)
    cost_minor: Mapped[Big]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16))
    state: Mapped[str] = mapped_column(String(10))
    line_id: Mapped[int | None] = mapped_column(BigInteger)
