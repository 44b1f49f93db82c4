"""Threads, what is written in them, and the pictures and files that come along."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.models import Person
from shop_core.db.base import Base, Id, Ref


class FileKind(StrEnum):
    """How a file is shown."""

    PICTURE = "picture"
    FILE = "file"


class Thread(Base):
    """Everything one person and the shop wrote to each other: one row for each person who ever wrote.

    ``waiting_since`` is the moment of the first message that nobody has answered or settled, and None when the shop owes
    nothing. ``channel`` and ``external_id`` say where he wrote last: the answer goes there.
    """

    __tablename__ = "threads"
    __table_args__ = (
        UniqueConstraint("person_id"),
        Index(
            "ix_threads_waiting",
            "waiting_since",
            sqlite_where=text("waiting_since IS NOT NULL"),
            postgresql_where=text("waiting_since IS NOT NULL"),
        ),
        Index("ix_threads_last_at", "last_at"),
    )

    id: Mapped[Id]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    waiting_since: Mapped[datetime | None]
    last_at: Mapped[datetime]


class ThreadMessage(Base):
    """One message, of the customer or of the shop. The text is sealed, bound to the person and to ``key``.

    ``sealed_for`` is that person; he may have been merged into whose the thread is now.

    ``key`` is the message's own id on its channel: the same message once more finds the row. A customer's message is
    settled once, by an answer (``answer_id``) or by somebody who says that none is needed; what the shop wrote has
    ``seen_at`` when the customer has opened the conversation since. With ``handover_id`` it was said past us, while a person
    had the conversation elsewhere: kept for the file, told to nobody, waited for by nobody.
    """

    __tablename__ = "thread_messages"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_thread_messages_thread", "thread_id", "id"),
        Index("ix_thread_messages_answered", "settled_at"),
    )

    id: Mapped[Id]
    thread_id: Mapped[Ref] = mapped_column(ForeignKey(Thread.id))
    key: Mapped[str] = mapped_column(String(240))
    by_shop: Mapped[bool]
    author: Mapped[str] = mapped_column(String(170))
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_for: Mapped[int] = mapped_column(BigInteger, server_default="0")
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(170))
    answer_id: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None]
    handover_id: Mapped[int | None] = mapped_column(BigInteger)


class ThreadFile(Base):
    """The picture or file of a message. Both sealed; the content goes after ``KEEP_FILES``, its row stays."""

    __tablename__ = "thread_files"
    __table_args__ = (
        Index(
            "ix_thread_files_kept",
            "kept_since",
            sqlite_where=text("sealed IS NOT NULL"),
            postgresql_where=text("sealed IS NOT NULL"),
        ),
    )

    message_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(ThreadMessage.id), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(Integer)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    kept_since: Mapped[datetime]
