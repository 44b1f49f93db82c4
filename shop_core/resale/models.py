"""Keys of other shops, and the orders that they placed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.models import Person
from shop_core.db.base import Base, Id, Ref
from shop_core.orders.models import Order

NUMBER_LIMIT = 64
URL_LIMIT = 500


class Reseller(Base):
    """A pair of keys by which another shop buys in the name of a person, from whose wallet it pays.

    The secret is sealed, not digested: requests are proved with it, and callbacks are signed with it.
    """

    __tablename__ = "resellers"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[Id]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    key: Mapped[str] = mapped_column(String(40))
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[str] = mapped_column(String(170))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class DownstreamOrder(Base):
    """What another shop calls one of our orders. Unique by its key and its number: asked again, it is the same order."""

    __tablename__ = "downstream_orders"
    __table_args__ = (UniqueConstraint("reseller_id", "number"), UniqueConstraint("order_id"))

    id: Mapped[Id]
    reseller_id: Mapped[Ref] = mapped_column(ForeignKey(Reseller.id))
    number: Mapped[str] = mapped_column(String(NUMBER_LIMIT))
    order_id: Mapped[Ref] = mapped_column(ForeignKey(Order.id))
    callback_url: Mapped[str | None] = mapped_column(String(URL_LIMIT))
