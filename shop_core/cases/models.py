"""Cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class Case(Base):
    """Something the machine cannot or must not decide. One open case for one subject: reporting it again changes nothing."""

    __tablename__ = "cases"
    __table_args__ = (
        Index(
            "uq_cases_open",
            "kind",
            "subject_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[Ref]
    evidence: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(170))
    resolution: Mapped[str | None] = mapped_column(String(120))
