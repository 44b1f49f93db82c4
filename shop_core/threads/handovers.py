"""A person of the shop takes a conversation over in the vendor's own app, and gives it back.

Meanwhile the vendor lets nobody else speak: news waits, and what the customer writes is for that person and no command.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Index, String, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.people import Address
from shop_core.db.base import Base, Id, table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

_OPEN: Final = text("ended_at IS NULL")


class Handover(Base):
    """One conversation in the hands of a person. At most one that has not ended for an address.

    Asked for (the vendor may not have been told) → ``taken_at`` (it is with the agents) → ``ended_at``; or from asked for
    straight to ended, with the ``problem``. ``asked_by`` is the message that asked for it; empty where an agent took the
    conversation by himself. ``seen_at``: so it stood at the vendor then.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        Index(
            "uq_handovers_open",
            "channel",
            "external_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[Id]
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    asked_by: Mapped[str] = mapped_column(String(120))
    agent: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(80))


@dataclass(frozen=True, slots=True)
class Open:
    """A hand-over that has not ended.

    Attributes:
        agent: Who has it, as the vendor calls him; empty: nobody yet, as far as we know.
    """

    id: int
    asked_by: str
    agent: str
    is_taken: bool
    seen_at: datetime


def find_handover(view: View, address: Address) -> Open | None:
    """The hand-over that is going on; None: the conversation is ours."""
    row = view.execute(
        select(Handover.id, Handover.asked_by, Handover.agent, Handover.taken_at, Handover.seen_at).where(
            *_at(address)
        )
    ).first()
    return (
        None if row is None else Open(row.id, row.asked_by, row.agent, row.taken_at is not None, row.seen_at)
    )


def ask(tx: Tx, address: Address, message: str) -> None:
    """The customer wants a person: it is written down before the vendor is told. One is going on already: it stays."""
    _open(tx, address, asked_by=message, taken_at=None)


def note_taken(tx: Tx, address: Address, agent: str = "") -> None:
    """It is with the agents, whoever asked for that. Twice changes nothing but who has it."""
    _open(tx, address, asked_by="", taken_at=tx.now)
    now = {"seen_at": tx.now, **({"agent": agent} if agent else {})}
    tx.execute(update(table_of(Handover)).where(*_at(address)).values(**now))
    tx.execute(
        update(table_of(Handover)).where(*_at(address), Handover.taken_at.is_(None)).values(taken_at=tx.now)
    )


def end(tx: Tx, address: Address, problem: str | None = None) -> bool:
    """The conversation is ours again. False: it was already."""
    ended = update(table_of(Handover)).where(*_at(address)).values(ended_at=tx.now, problem=problem)
    return tx.execute(ended).rowcount == 1


def _open(tx: Tx, address: Address, *, asked_by: str, taken_at: datetime | None) -> None:
    tx.execute(
        insert_or(tx, Handover)
        .values(
            channel=address.channel,
            external_id=address.external_id,
            asked_by=asked_by,
            agent="",
            asked_at=tx.now,
            taken_at=taken_at,
            seen_at=tx.now,
        )
        .on_conflict_do_nothing()
    )


def _at(address: Address) -> tuple[ColumnElement[bool], ...]:
    return (
        Handover.channel == address.channel,
        Handover.external_id == address.external_id,
        Handover.ended_at.is_(None),
    )
