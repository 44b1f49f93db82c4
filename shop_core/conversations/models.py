"""Prompts and one-time keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base


class PromptRow(Base):
    """What a person's next free text on a channel means: it is put into ``link`` after a slash."""

    __tablename__ = "prompts"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    link: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class UsedKey(Base):
    """A one-time key that has done its work, and what came of it. Unused keys are stored nowhere: they are random."""

    __tablename__ = "used_keys"
    __table_args__ = (Index("ix_used_keys_used_at", "used_at"),)

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    result: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime]
