"""Numbers that a sender uses once: a recorded signature proves nothing a second time, for anything else."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or


class NonceRow(Base):
    """A number, and the message that it came with first."""

    __tablename__ = "nonces"
    __table_args__ = (Index("ix_nonces_until", "until"),)

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(120), primary_key=True)
    message: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


def use_nonce(tx: Tx, channel: str, nonce: str, message: str, *, lasts: timedelta) -> bool:
    """Whether this number is new, or has come with this very message before: a sender may repeat itself."""
    row = insert_or(tx, NonceRow).values(channel=channel, nonce=nonce, message=message, until=tx.now + lasts)
    tx.execute(row.on_conflict_do_nothing())
    first = tx.execute(
        select(NonceRow.message).where(NonceRow.channel == channel, NonceRow.nonce == nonce)
    ).scalar_one()
    return bool(first == message)


def purge(tx: Tx) -> int:
    """Forget numbers whose time is over. Returns how many."""
    return tx.execute(delete(NonceRow).where(NonceRow.until <= tx.now)).rowcount
