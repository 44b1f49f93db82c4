"""The audit log, and the staff that owners and admins have taken on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
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


class StaffRow(Base):
    """A member of staff who is not named in the config, from being taken on until being removed.

    One row in force for one actor: whoever is taken on twice at once has one role. A removed one stays for the record.
    """

    __tablename__ = "staff"
    __table_args__ = (
        Index(
            "uq_staff_in_force",
            "actor",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    actor: Mapped[str] = mapped_column(String(170))
    role: Mapped[str] = mapped_column(String(20))
    granted_by: Mapped[str] = mapped_column(String(170))
    granted_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(String(170))
    revoked_at: Mapped[datetime | None]


class InvitationRow(Base):
    """An invitation to become staff, for whoever brings its code first. Only a digest of the code is kept."""

    __tablename__ = "staff_invitations"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    made_by: Mapped[str] = mapped_column(String(170))
    until: Mapped[datetime]
