"""Entries, their postings, and the guarded balances of customers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big, Id, Ref


class Entry(Base):
    """One balanced change of money. ``key`` names its cause, so the same cause is never booked twice."""

    __tablename__ = "ledger_entries"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class Posting(Base):
    """One side of an entry: debits above zero, credits below. The postings of an entry sum to zero."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        Index("ix_ledger_postings_account", "account", "id"),
        Index("ix_ledger_postings_entry", "entry_id"),
    )

    id: Mapped[Id]
    entry_id: Mapped[Ref] = mapped_column(ForeignKey(Entry.id))
    account: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[Big]


class Balance(Base):
    """What a customer has. Kept beside the postings because it is guarded: no statement can take it below zero.

    House accounts have no such row: they are sums, so that no purchase waits for another.
    """

    __tablename__ = "ledger_balances"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="not_negative"),)

    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[Big]
