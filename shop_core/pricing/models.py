"""Rules of markup, and which variants follow their supplier's price."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.catalog.models import Variant
from shop_core.db.base import Base, Big


class MarkupRule(Base):
    """How a price is made of a cost. ``subject``: ``variant:12``, ``category:3`` or ``supplier:fulu``, nearest first."""

    __tablename__ = "markup_rules"

    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    percent_bp: Mapped[int] = mapped_column(Integer)
    plus_minor: Mapped[Big]
    ending: Mapped[str] = mapped_column(String(4))
    floor_bp: Mapped[int] = mapped_column(Integer)
    set_at: Mapped[datetime]


class FollowedPrice(Base):
    """A variant whose price follows its supplier. Whoever has none has the price that somebody gave it.

    ``cost_minor``: the landed cost that its price was last made of.
    """

    __tablename__ = "followed_prices"

    variant_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Variant.id), primary_key=True, autoincrement=False
    )
    cost_minor: Mapped[Big]
    since: Mapped[datetime]
