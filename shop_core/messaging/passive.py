"""Answers that a waiting request takes along, in whichever process it waits.

A channel that answers inside the request which brought the message has two sides that know nothing of each other: a
request, which has a few seconds, and a worker, which has the person's lane. They meet in a row. A sender that got no
answer repeats its request, perhaps to another process: it finds the same row, and so the same answer.

Until then it is told that the answer takes longer: what comes after that is *late*, and is told when the person asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Index, LargeBinary, String, delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.people import Address
from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

TOPIC: Final = "passive"
"""What is woken when an answer is there."""
KEEP: Final = timedelta(minutes=40)
"""Longer than numbers mean anything (``choices.LAST``): while a screen that came late could be chosen from unseen, the word
that fetches it finds it. No sender repeats itself for so long."""


class PassiveAnswer(Base):
    """One message that a request brought, and what is answered to it. Sealed: it may hold a code on its way to its owner.

    Nothing yet → answered, or → late (its request gave up) → answered → told.
    """

    __tablename__ = "passive_answers"
    __table_args__ = (
        Index(
            "ix_passive_answers_late",
            "channel",
            "external_id",
            sqlite_where=text("late_at IS NOT NULL AND told_at IS NULL"),
            postgresql_where=text("late_at IS NOT NULL AND told_at IS NULL"),
        ),
        Index("ix_passive_answers_asked_at", "asked_at"),
    )

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    message: Mapped[str] = mapped_column(String(120), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime]
    late_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with an answer."""

    message: str
    sealed: bytes | None
    is_late: bool


def expect(tx: Tx, address: Address, message: str) -> None:
    """A request waits for the answer to this message."""
    tx.execute(
        insert_or(tx, PassiveAnswer)
        .values(channel=address.channel, message=message, external_id=address.external_id, asked_at=tx.now)
        .on_conflict_do_nothing()
    )


def find_answer(view: View, channel: str, message: str) -> Standing | None:
    """How it stands with the answer to a message; None: nobody waits for one, or it was long ago."""
    row = view.execute(
        select(PassiveAnswer.message, PassiveAnswer.sealed, PassiveAnswer.late_at).where(
            PassiveAnswer.channel == channel, PassiveAnswer.message == message
        )
    ).first()
    return None if row is None else Standing(row.message, row.sealed, row.late_at is not None)


def hand(tx: Tx, address: Address, message: str, sealed: bytes) -> Standing | None:
    """Give the answer to whoever waits. The first one stays: repetitions of the message are answered alike.

    Whatever was late for this person before is past: he has asked for something else since.

    Returns:
        How it stands now; ``sealed`` may be an earlier answer. None: nobody waits.
    """
    own = PassiveAnswer.channel == address.channel
    tx.execute(
        update(PassiveAnswer)
        .where(
            own,
            PassiveAnswer.external_id == address.external_id,
            PassiveAnswer.message != message,
            PassiveAnswer.late_at.is_not(None),
            PassiveAnswer.told_at.is_(None),
        )
        .values(told_at=tx.now, sealed=None)
    )
    tx.execute(
        update(PassiveAnswer)
        .where(own, PassiveAnswer.message == message, PassiveAnswer.sealed.is_(None))
        .values(sealed=sealed)
    )
    tx.wake(TOPIC)
    return find_answer(tx, address.channel, message)


def give_up(tx: Tx, channel: str, message: str) -> None:
    """The request can wait no longer. If the answer came in this very moment, it is not late."""
    tx.execute(
        update(PassiveAnswer)
        .where(
            PassiveAnswer.channel == channel,
            PassiveAnswer.message == message,
            PassiveAnswer.sealed.is_(None),
            PassiveAnswer.late_at.is_(None),
        )
        .values(late_at=tx.now)
    )


def find_late(view: View, address: Address) -> Standing | None:
    """The newest answer that came too late for its request and has not been told; without ``sealed`` it never came."""
    row = view.execute(
        select(PassiveAnswer.message, PassiveAnswer.sealed)
        .where(
            PassiveAnswer.channel == address.channel,
            PassiveAnswer.external_id == address.external_id,
            PassiveAnswer.late_at.is_not(None),
            PassiveAnswer.told_at.is_(None),
        )
        .order_by(PassiveAnswer.asked_at.desc())
        .limit(1)
    ).first()
    return None if row is None else Standing(row.message, row.sealed, is_late=True)


def mark_told(tx: Tx, channel: str, message: str) -> None:
    """A late answer has reached the person another way."""
    tx.execute(
        update(PassiveAnswer)
        .where(PassiveAnswer.channel == channel, PassiveAnswer.message == message)
        .values(told_at=tx.now)
    )


def purge(tx: Tx) -> int:
    """Forget answers that nobody asks for any more. Returns how many."""
    return tx.execute(delete(PassiveAnswer).where(PassiveAnswer.asked_at < tx.now - KEEP)).rowcount
