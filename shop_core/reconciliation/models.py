"""Days, and what became of each line of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Ref


class ReconciledDay(Base):
    """One day of one counterpart's calendar.

    Attributes:
        read_at: When their list of it was last read; None: it could not be read yet.
        signed_at: When somebody signed it off; from then on none of its lines changes.
    """

    __tablename__ = "reconciled_days"
    __table_args__ = (UniqueConstraint("counterpart", "day"),)

    id: Mapped[Id]
    counterpart: Mapped[str] = mapped_column(String(40))
    day: Mapped[date] = mapped_column(Date)
    read_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str | None] = mapped_column(String(170))


class ReconciledLine(Base):
    """A line of either side, or two that are the same thing (``match.Group``).

    ``key`` is what it is recognised by when the day is matched again: our subject, else their names and which of their
    namesakes it is.

    Attributes:
        closed_at: When a person settled it, by ``closed_by``, in the way ``way``: matching leaves it alone.
        carried_to: The day that it was put off to, where it is matched again.
    """

    __tablename__ = "reconciled_lines"
    __table_args__ = (
        UniqueConstraint("day_id", "key"),
        Index("ix_reconciled_lines_subject", "our_subject"),
    )

    id: Mapped[Id]
    day_id: Mapped[Ref] = mapped_column(ForeignKey(ReconciledDay.id))
    key: Mapped[str] = mapped_column(String(250))
    kind: Mapped[str] = mapped_column(String(12))
    their_number: Mapped[str | None] = mapped_column(String(64))
    their_ref: Mapped[str | None] = mapped_column(String(120))
    their_minor: Mapped[int | None] = mapped_column(BigInteger)
    their_currency: Mapped[str | None] = mapped_column(String(3))
    their_state: Mapped[str | None] = mapped_column(String(10))
    their_at: Mapped[datetime | None]
    our_subject: Mapped[str | None] = mapped_column(String(40))
    our_number: Mapped[str | None] = mapped_column(String(64))
    our_ref: Mapped[str | None] = mapped_column(String(120))
    our_minor: Mapped[int | None] = mapped_column(BigInteger)
    our_currency: Mapped[str | None] = mapped_column(String(3))
    our_state: Mapped[str | None] = mapped_column(String(10))
    our_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(170))
    way: Mapped[str | None] = mapped_column(String(12))
    carried_to: Mapped[date | None] = mapped_column(Date)
