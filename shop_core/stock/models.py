"""Batches and cards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

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

from shop_core.db.base import Base, Big, Claimable, Id, Json, Ref

NEVER: Final = date(9999, 12, 31)
"""The expiry of codes that do not expire: a real date, so that one index order serves all."""


class CardState(StrEnum):
    """Where a card is. Allowed transitions, and who makes them.

    ``available`` → ``held``       an order is placed (orders.place)
    ``held``      → ``available``  it was cancelled or ran out (orders.cancel, orders.expire)
    ``held``      → ``delivered``  it was paid (delivery.hand_over)
    (new)         → ``held``       it was bought for a paid line that waits for more (stock.put_in)
    ``delivered`` → ``available``  it was refunded before anybody had looked at it (delivery.take_back)

    A code that a buyer has looked at stays ``delivered``: it is never sold again.
    """

    AVAILABLE = "available"
    HELD = "held"
    DELIVERED = "delivered"


class BatchState(StrEnum):
    """Where an import is. Allowed transitions, and who makes them.

    ``importing`` → ``done``     the last line was read (stock.import_codes, in any process)
    ``importing`` → ``undoing``  it is taken back before its end (stock.undo_import)
    ``done``      → ``undoing``  it is taken back (stock.undo_import)
    ``undone``    → ``undoing``  once more, for codes that orders have given back since (stock.undo_import)
    ``undoing``   → ``undone``   nothing of it is on the shelf any more (stock.undo_import, in any process)

    ``importing`` and ``undoing`` are work: the row is claimed for as long as somebody is at it, and ``carry_on`` finds
    what nobody is at any more.
    """

    IMPORTING = "importing"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Batch(Claimable, Base):
    """One import: where its codes came from, what each cost, until when they can be used, and how far it is.

    Its codes are on sale as soon as their part of the file is committed, together with ``done_lines`` and the counts: so
    an import that died goes on behind its last whole part and still says exactly what became of every line.

    ``purchase_id``: no file, but what a supplier delivered for that purchase. Its cards share what it cost to the last unit,
    so they may differ by one.
    """

    __tablename__ = "batches"
    __table_args__ = (
        Index("ix_batches_variant", "variant_id"),
        Index("ix_batches_key", "key", unique=True),
        Index(
            "ix_batches_purchase",
            "purchase_id",
            sqlite_where=text("purchase_id IS NOT NULL"),
            postgresql_where=text("purchase_id IS NOT NULL"),
        ),
        Index(
            "ix_batches_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    variant_id: Mapped[Ref]
    origin: Mapped[str] = mapped_column(String(120))
    cost_minor: Mapped[Big]
    expires_on: Mapped[date] = mapped_column(Date)
    imported_at: Mapped[datetime]
    imported_by: Mapped[str] = mapped_column(String(170))
    state: Mapped[str] = mapped_column(String(10), default=BatchState.DONE.value, server_default="done")
    key: Mapped[str | None] = mapped_column(String(240))
    tell_channel: Mapped[str | None] = mapped_column(String(40))
    tell_external_id: Mapped[str | None] = mapped_column(String(128))
    lines: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    done_lines: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    added: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    already_there: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    twice_in_input: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    bad_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    bad: Mapped[list[Any] | None] = mapped_column(Json)
    removed: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    undone_by: Mapped[str | None] = mapped_column(String(170))
    purchase_id: Mapped[int | None] = mapped_column(BigInteger)


class BatchFile(Base):
    """The file of an import that is under way, sealed. It goes in the transaction that ends the import."""

    __tablename__ = "batch_files"

    batch_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Batch.id), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(40))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


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
