"""Queued messages, and where screens are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Claimable, Id


class Message(Claimable, Base):
    """News for one person at one address. Holds what happened to which order, never the words and never a code.

    States: ``queued`` → ``sent`` | ``failed``. A send whose outcome is unknown stays queued and is sent again: the same
    news twice is allowed, lost news is not. ``failed`` is final, except that staff have the
    news for another shop sent once more: ``failed`` → ``queued``.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("cause", "channel", "external_id"),
        Index(
            "ix_messages_due",
            "channel",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    cause: Mapped[str] = mapped_column(String(80))
    news: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10))
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(200))


class ShownMessage(Base):
    """The message of a chat that shows a slot: the screen that follows a person, or an order.

    References are text, the channel's own. Losing a row costs nothing but a message that is not replaced.
    """

    __tablename__ = "shown_messages"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    slot: Mapped[str] = mapped_column(String(80), primary_key=True)
    message_ref: Mapped[str] = mapped_column(String(64))
    bill: Mapped[str | None] = mapped_column(String(16))
    other_refs: Mapped[list[str]]
    has_media: Mapped[bool]
    is_protected: Mapped[bool]
    shown_at: Mapped[datetime]
