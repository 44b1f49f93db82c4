"""Deliveries and looks at codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class Delivery(Base):
    """The goods of one order line are out. Unique by line: a line is never delivered twice.

    ``revealed_at``: the first look. Until then the buyer cannot have used the code.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("line_id"),)

    id: Mapped[Id]
    line_id: Mapped[Ref]
    quantity: Mapped[int]
    delivered_at: Mapped[datetime]
    revealed_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]


class Reveal(Base):
    """One look at the codes of a line: who and where from, written before the code leaves us."""

    __tablename__ = "reveals"
    __table_args__ = (Index("ix_reveals_line", "line_id"),)

    id: Mapped[Id]
    line_id: Mapped[Ref]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(170))
