"""People, their identities and passwords."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
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


class Password(Base):
    """By which a person proves himself where his browser is not known. Only a salted digest is kept."""

    __tablename__ = "passwords"

    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id), primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime]


class PasswordTries(Base):
    """How often was guessed at something, or by somebody, until when it counts."""

    __tablename__ = "password_tries"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    tries: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]
