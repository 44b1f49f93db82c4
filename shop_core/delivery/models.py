"""Deliveries, looks at codes, and what direct top-ups take: the buyer's words, proofs, tasks of staff."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id, Json, Ref


class Delivery(Base):
    """The goods of one order line are out. Unique by line: a line is never delivered twice.

    ``revealed_at``: the first look. Until then the buyer cannot have used the code. A direct top-up is used as soon as it is
    delivered.
    """

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("line_id"),)

    id: Mapped[Id]
    line_id: Mapped[Ref]
    quantity: Mapped[int]
    delivered_at: Mapped[datetime]
    revealed_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]


class Reveal(Base):
    """One look at the codes of a line, or at what its buyer said: who and where from, written before anything leaves us."""

    __tablename__ = "reveals"
    __table_args__ = (Index("ix_reveals_line", "line_id"),)

    id: Mapped[Id]
    line_id: Mapped[Ref]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(170))


class LineInputs(Base):
    """What the buyer of a direct top-up said: sealed, with the fields that he was asked and what may be shown.

    ``sealed`` None: forgotten, long after anybody needs it. ``echo``: field → mask. ``said_by`` and ``key``, the person and
    the one-time key that he placed the order with, are the place that it was sealed for.
    """

    __tablename__ = "line_inputs"
    __table_args__ = (
        Index(
            "ix_line_inputs_said_at",
            "said_at",
            sqlite_where=text("sealed IS NOT NULL"),
            postgresql_where=text("sealed IS NOT NULL"),
        ),
    )

    line_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    said_by: Mapped[Ref]
    key: Mapped[str] = mapped_column(String(32))
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    echo: Mapped[dict[str, str]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    said_at: Mapped[datetime]


class TopUpProof(Base):
    """A line's account has been topped up: by a purchase that is done, or by somebody of the staff. One for a line, ever.

    ``sealed``, ``fingerprint``: the receipt, if there is one.
    """

    __tablename__ = "top_up_proofs"
    __table_args__ = (
        UniqueConstraint("line_id"),
        UniqueConstraint("purchase_id"),
        CheckConstraint("(purchase_id IS NULL) <> (done_by IS NULL)", name="one_source"),
    )

    id: Mapped[Id]
    line_id: Mapped[Ref]
    purchase_id: Mapped[int | None] = mapped_column(BigInteger)
    done_by: Mapped[str | None] = mapped_column(String(170))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class TaskState(StrEnum):
    """Where a task is."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Task(Base):
    """A line that staff fulfil by hand. One for a line, ever.

    It is theirs who has claimed it, until ``claimed_until``: then anybody may. All that follows compares the claimer.

    ``open`` → ``done`` | ``refused``: its claimer (orders.by_hand). → ``withdrawn``: the order is refunded first
    (orders.refund).

    ``part``: a supplier has brought a part already; ``part_minor``, ``part_currency``: so much of the face value, where it
    said so. ``reason``: why it was refused.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("line_id"),
        Index(
            "ix_tasks_open",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    line_id: Mapped[Ref]
    state: Mapped[str] = mapped_column(String(10))
    claimed_by: Mapped[str | None] = mapped_column(String(170))
    claimed_until: Mapped[datetime | None]
    part: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    part_minor: Mapped[int | None] = mapped_column(BigInteger)
    part_currency: Mapped[str | None] = mapped_column(String(3))
    reason: Mapped[str | None] = mapped_column(String(20))
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(170))
