"""The outbox's table: news that still has to reach a consumer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Claimable, Id


class OutboxRow(Claimable, Base):
    """One event for one consumer. Deleted by the consumer's own transaction, so it is worked off exactly once."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    id: Mapped[Id]
    consumer: Mapped[str] = mapped_column(String(60))
    event: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]]
