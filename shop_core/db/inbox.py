"""What others tell us: stored once under the sender's own id, answered, then worked off in order, lane by lane.

A lane is one person on one channel instance, or one payment. Its messages are handled one after the other, in the order
of arrival; different lanes run side by side. A worker leases the lane row first and reads the lane's next message in a
second statement: skipping locked *messages* instead would let two workers take two messages of one person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Id
from shop_core.db.claims import Fenced, finish
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

KEEP: Final = timedelta(days=9)
"""Handled rows are kept this long to recognise repeats: Telegram's numbering restarts after a week of silence."""


class InboxRow(Base):
    """One message from outside. ``payload`` is sealed by the vault and emptied as soon as it has been handled."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_inbox_lane_pending",
            "lane",
            "id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        Index("ix_inbox_done_at", "done_at"),
    )

    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str] = mapped_column(String(120))
    lane: Mapped[str] = mapped_column(String(160))
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    done_at: Mapped[datetime | None]


class LaneRow(Base):
    """The lease on a lane. Kept after use: a person comes back. Those of nobody are swept (``privacy.chats``)."""

    __tablename__ = "lanes"

    lane: Mapped[str] = mapped_column(String(160), primary_key=True)
    leased_until: Mapped[datetime]
    token: Mapped[int | None] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message taken out of the inbox together with the lease on its lane."""

    id: int
    source: str
    external_id: str
    lane: str
    payload: bytes
    received_at: datetime
    attempts: int
    token: int


def store(tx: Tx, *, source: str, external_id: str, lane: str, payload: bytes) -> bool:
    """Keep a message. False if the sender has already told us this: nothing is stored, answer as before."""
    row = (
        insert_or(tx, InboxRow)
        .values(source=source, external_id=external_id, lane=lane, payload=payload, received_at=tx.now)
        .on_conflict_do_nothing()
        .returning(InboxRow.id)
    )
    if tx.execute(row).first() is None:
        return False
    tx.execute(insert_or(tx, LaneRow).values(lane=lane, leased_until=tx.now).on_conflict_do_nothing())
    tx.wake("inbox")
    return True


def take(tx: Tx, *, lease: timedelta, lanes: str = "") -> Letter | None:
    """Lease the lane whose message waits longest, and take that message.

    Args:
        lanes: Only lanes that begin so.

    Returns:
        None when nothing waits in a free lane.
    """
    waiting = (
        select(InboxRow.lane)
        .join(LaneRow, LaneRow.lane == InboxRow.lane)
        .where(InboxRow.done_at.is_(None), LaneRow.leased_until <= tx.now)
        .group_by(InboxRow.lane)
        .order_by(func.min(InboxRow.id))
        .limit(8)
    )
    if lanes:
        waiting = waiting.where(InboxRow.lane.startswith(lanes, autoescape=True))
    for lane in tx.execute(waiting).scalars().all():
        token = tx.new_token()
        leased = tx.execute(
            update(LaneRow)
            .where(LaneRow.lane == lane, LaneRow.leased_until <= tx.now)
            .values(leased_until=tx.now + lease, token=token)
        )
        if leased.rowcount != 1:
            continue
        letter = _next_of(tx, lane, token)
        if letter is not None:
            return letter
        _free(tx, lane, token)
    return None


def _next_of(tx: Tx, lane: str, token: int) -> Letter | None:
    oldest = (
        select(InboxRow.id)
        .where(InboxRow.lane == lane, InboxRow.done_at.is_(None))
        .order_by(InboxRow.id)
        .limit(1)
        .scalar_subquery()
    )
    taken = (
        update(InboxRow)
        .where(InboxRow.id == oldest)
        .values(attempts=InboxRow.attempts + 1)
        .returning(*InboxRow.__table__.columns)
    )
    row = tx.execute(taken).first()
    if row is None:
        return None
    return Letter(
        row.id, row.source, row.external_id, row.lane, row.payload, row.received_at, row.attempts, token
    )


def finish_letter(tx: Tx, letter: Letter) -> None:
    """The message has been handled: empty it, free the lane.

    Raises:
        Fenced: The lease ran out and another worker has the lane; whatever this transaction did is undone.
    """
    finish(
        tx,
        update(LaneRow)
        .where(LaneRow.lane == letter.lane, LaneRow.token == letter.token)
        .values(leased_until=tx.now, token=None),
    )
    finish(
        tx,
        update(InboxRow)
        .where(InboxRow.id == letter.id, InboxRow.done_at.is_(None))
        .values(done_at=tx.now, payload=None),
    )
    tx.wake("inbox")


def is_handled(view: View, *, source: str, external_id: str) -> bool:
    """Whether a message was handled before, and is still remembered."""
    row = select(InboxRow.id).where(
        InboxRow.source == source, InboxRow.external_id == external_id, InboxRow.done_at.is_not(None)
    )
    return view.execute(row).first() is not None


def handle_again(tx: Tx, *, source: str, external_id: str, payload: bytes) -> None:
    """Have a handled message answered once more: its answer was lost. One that waits still is left as it is.

    Only for what means the same whenever it is handled: a link, not a text that answered a question.
    """
    again = tx.execute(
        update(InboxRow)
        .where(InboxRow.source == source, InboxRow.external_id == external_id, InboxRow.done_at.is_not(None))
        .values(done_at=None, payload=payload, attempts=0)
    )
    if again.rowcount:
        tx.wake("inbox")


def hand_back(tx: Tx, letter: Letter, *, pause: timedelta = timedelta(0)) -> None:
    """Give an unfinished message back (shutdown, trouble outside): the lane waits for ``pause``, then it is next."""
    tx.execute(
        update(LaneRow)
        .where(LaneRow.lane == letter.lane, LaneRow.token == letter.token)
        .values(leased_until=tx.now + pause, token=None)
    )


def renew(tx: Tx, letter: Letter, *, lease: timedelta) -> None:
    """Go on holding the lane of a message that takes long.

    Raises:
        Fenced: Too late, another worker has it.
    """
    renewed = tx.execute(
        update(LaneRow)
        .where(LaneRow.lane == letter.lane, LaneRow.token == letter.token)
        .values(leased_until=tx.now + lease)
    )
    if renewed.rowcount != 1:
        raise Fenced


def purge(tx: Tx) -> int:
    """Forget handled messages that no sender repeats any more. Returns how many."""
    return tx.execute(delete(InboxRow).where(InboxRow.done_at < tx.now - KEEP)).rowcount


def count_pending(view: View) -> int:
    """Messages stored and not yet handled."""
    return int(
        view.execute(
            select(func.count()).select_from(InboxRow).where(InboxRow.done_at.is_(None))
        ).scalar_one()
    )


def _free(tx: Tx, lane: str, token: int) -> None:
    tx.execute(
        update(LaneRow)
        .where(LaneRow.lane == lane, LaneRow.token == token)
        .values(leased_until=tx.now, token=None)
    )
