"""People and their identities."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class Person(Base):
    """Somebody we know. Also the row that a purchase locks, so that one person's purchases go one after another."""

    __tablename__ = "people"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]


class Identity(Base):
    """Who a person is on one channel instance. ``external_id`` is text: Telegram's ids need 52 bits, WeChat's are words."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("channel", "external_id"), Index("ix_identities_person", "person_id"))

    id: Mapped[Id]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    unreachable_since: Mapped[datetime | None]
