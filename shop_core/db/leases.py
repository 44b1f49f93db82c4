"""Rows that say which process does a thing that only one may do. A deadline, not a session lock.

A frozen process keeps a session lock and a pooler breaks it; a deadline passes by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or


class LeaseRow(Base):
    """Who does ``name`` until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    held_until: Mapped[datetime]


def acquire(tx: Tx, name: str, holder: str, *, lease: timedelta) -> bool:
    """Take or renew a lease. False while somebody else holds it. Repeating it only moves the deadline."""
    taken = tx.execute(
        update(LeaseRow)
        .where(LeaseRow.name == name, or_(LeaseRow.holder == holder, LeaseRow.held_until <= tx.now))
        .values(holder=holder, held_until=tx.now + lease)
    )
    if taken.rowcount == 1:
        return True
    made = tx.execute(
        insert_or(tx, LeaseRow)
        .values(name=name, holder=holder, held_until=tx.now + lease)
        .on_conflict_do_nothing()
    )
    return made.rowcount == 1


def release(tx: Tx, name: str, holder: str) -> None:
    """Give a lease up at shutdown, so that the next process need not wait for the deadline."""
    tx.execute(delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder))
