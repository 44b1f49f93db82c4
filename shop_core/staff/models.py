"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id


class AuditRow(Base):
    """One command of one staff member and how it ended. Written in the command's transaction where it changed anything."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_at", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(170))
    command: Mapped[str] = mapped_column(String(80))
    details: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(String(80))
