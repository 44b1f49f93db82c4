"""What customers were shown and touched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class Exposure(Base):
    """One product on one person's screen: ``shown`` in a list, ``opened`` as a page, ``started`` with a quantity.

    What follows (ordered, paid, delivered) stands on the order itself and is not written twice.
    """

    __tablename__ = "exposures"
    __table_args__ = (Index("ix_exposures_product_at", "product_id", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    person_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[Ref]
    step: Mapped[str] = mapped_column(String(8))
