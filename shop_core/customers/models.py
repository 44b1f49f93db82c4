"""People, their identities and passwords, and the journal of who became one with whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class Person(Base):
    """Somebody we know. Also the row that a purchase locks, so that one person's purchases go one after another.

    ``merged_into``: he turned out to be that person, who has all that was his. The row stays, since the books and the
    journal name it, and nothing else does. It leads to somebody who is not merged himself, never on to a third.

    ``erased_at``: he had everything erased that says who he is. The row stays, since the books name it, and has no identity.

    ``timezone``: None, the shop's. ``quiet_from``, ``quiet_until``: full hours of his day, both or none.
    ``hears_progress``, ``hears_answers``: whether he is told how it goes with an order, and what the shop answers him.
    """

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "ix_people_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]
    timezone: Mapped[str | None] = mapped_column(String(40))
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    hears_progress: Mapped[bool] = mapped_column(server_default=true())
    hears_answers: Mapped[bool] = mapped_column(server_default=true())
    merged_into: Mapped[int | None] = mapped_column(BigInteger)
    erased_at: Mapped[datetime | None]


class PersonChange(Base):
    """Two persons became one, or an identity left one. Written once, so that it can be explained later.

    Nothing changes it but erasing a person, which takes out who it was.

    ``kind``: ``merged`` (``other_id`` into ``person_id``) or ``parted`` (an identity of ``person_id`` became ``other_id``).
    ``identities``: those that changed hands, as ``channel:id``. ``by`` said yes last; ``asked_by``, of a merge, had typed
    the code and said yes before. ``details``: how many rows of what went along, and the balance in the minor unit.
    ``gone_thread`` went on as ``kept_thread``.
    """

    __tablename__ = "person_changes"
    __table_args__ = (
        Index("ix_person_changes_person", "person_id"),
        Index("ix_person_changes_other", "other_id"),
        Index(
            "ix_person_changes_gone_thread",
            "gone_thread",
            sqlite_where=text("gone_thread IS NOT NULL"),
            postgresql_where=text("gone_thread IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    other_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    identities: Mapped[list[str]]
    by: Mapped[str] = mapped_column(String(170))
    asked_by: Mapped[str | None] = mapped_column(String(170))
    details: Mapped[dict[str, Any]]
    gone_thread: Mapped[int | None] = mapped_column(BigInteger)
    kept_thread: Mapped[int | None] = mapped_column(BigInteger)


class Identity(Base):
    """Who a person is on one channel instance. ``external_id`` is text: Telegram's ids need 52 bits, WeChat's are words.

    ``hears_all``: what is told to him on his other channels is told here as well.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("channel", "external_id"), Index("ix_identities_person", "person_id"))

    id: Mapped[Id]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    unreachable_since: Mapped[datetime | None]
    hears_all: Mapped[bool] = mapped_column(server_default=false())


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
