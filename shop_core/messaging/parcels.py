"""What was sent under an id of our own, where a vendor knows a message by it and takes none twice.

The row is there before anything is sent: sent again it goes under the same id, and when the vendor says later that it never
arrived, the row says which news was in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Index, Row, String, delete, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.cases.cases import CaseKind, open_case
from shop_core.customers.people import Address
from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import RetryLater
from shop_core.messaging import allowance
from shop_core.messaging.models import Message
from shop_core.messaging.queue import FOR_STAFF_ONLY, MessageState, NewsKind

KEEP: Final = timedelta(days=4)
"""A vendor tells for three days what did not arrive."""


_SHORTLY_S: Final = 5
_THERE: Final = text("lost_at IS NULL")


class Parcel(Base):
    """One message of ours at a vendor. ``mark`` says what it is to us, ``messages`` which queued news is in it.

    Nothing yet (nobody knows whether it arrived) → ``arrived_at`` → perhaps ``lost_at``: the vendor says that it did not.
    What certainly did not leave has no row.
    """

    __tablename__ = "parcels"
    __table_args__ = (
        Index(
            "uq_parcels_mark",
            "channel",
            "external_id",
            "mark",
            unique=True,
            sqlite_where=_THERE,
            postgresql_where=_THERE,
        ),
        Index("ix_parcels_packed_at", "packed_at"),
    )

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    parcel: Mapped[str] = mapped_column(String(32), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128))
    mark: Mapped[str] = mapped_column(String(160))
    messages: Mapped[list[int]]
    packed_at: Mapped[datetime]
    arrived_at: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(80))


@dataclass(frozen=True, slots=True)
class Packed:
    """A parcel to be sent.

    Attributes:
        is_repeat: It may have arrived already.
        has_arrived: It has: there is nothing to send.
    """

    id: str
    messages: Sequence[int] = ()
    is_repeat: bool = False
    has_arrived: bool = False


def pack(  # noqa: PLR0913 - where to, what, under which id, at which cost
    tx: Tx, address: Address, mark: str, new_id: str, *, messages: Sequence[int] = (), keep: int | None
) -> Packed | None:
    """Say that something is about to be sent, and count it. What was packed before under this mark is counted no more.

    Args:
        mark: What it is to us: the answer to a message, a file.
        new_id: Its id, if it is new.
        keep: So many must be left after it; None: this one does not count.

    Returns:
        None: nothing may be sent now.
    """
    for row in _list(tx, address):
        if row.mark == mark:
            return _packed(row)
    made = (
        insert_or(tx, Parcel)
        .values(
            channel=address.channel,
            parcel=new_id,
            external_id=address.external_id,
            mark=mark,
            messages=list(messages),
            packed_at=tx.now,
        )
        .on_conflict_do_nothing(
            index_elements=[Parcel.channel, Parcel.external_id, Parcel.mark], index_where=_THERE
        )
    )
    if tx.execute(made).rowcount != 1:
        # Another process packed the same in this very moment: its parcel it is.
        return pack(tx, address, mark, new_id, messages=messages, keep=keep)
    if keep is None or allowance.spend(tx, address, keep=keep):
        return Packed(new_id, messages)
    tx.execute(delete(Parcel).where(*_own(address, new_id)))
    return None


def find_parcels(view: View, address: Address, messages: Collection[int]) -> Sequence[tuple[str, Packed]]:
    """The parcels that have some of these news in them, each with its mark; lost ones are none."""
    wanted = set(messages)
    return [(row.mark, _packed(row)) for row in _list(view, address) if wanted & set(row.messages)]


def note_arrived(tx: Tx, address: Address, parcel: str) -> None:
    """The vendor took it. Twice changes nothing."""
    tx.execute(
        update(Parcel).where(*_own(address, parcel), Parcel.arrived_at.is_(None)).values(arrived_at=tx.now)
    )


def unpack(tx: Tx, address: Address, parcel: str, *, is_counted: bool) -> None:
    """It certainly did not leave: as if it had never been packed."""
    gone = delete(Parcel).where(*_own(address, parcel), Parcel.arrived_at.is_(None))
    if tx.execute(gone).rowcount and is_counted:
        allowance.give_back(tx, address)


def note_lost(tx: Tx, channel: str, parcel: str, problem: str, *, wait: timedelta | None) -> bool:
    """The vendor says that it did not arrive. False: it is none of ours, or that was said before.

    Args:
        wait: The news in it goes back to wait, so long at least; None: it has failed, and is a case, since somebody waits.

    Raises:
        RetryLater: Not now; nothing was changed.
    """
    own = (Parcel.channel == channel, Parcel.parcel == parcel, Parcel.lost_at.is_(None))
    row = tx.execute(select(Parcel.messages, Parcel.arrived_at).where(*own).with_for_update()).first()
    if row is None:
        return False
    if row.arrived_at is not None and _are_queued(tx, row.messages):
        # Whoever sent it is about to write down that it is there: after him.
        raise RetryLater("parcels: just sent", retry_after_s=_SHORTLY_S)
    tx.execute(update(Parcel).where(*own).values(lost_at=tx.now, problem=problem[:80]))
    for message_id in sorted(row.messages):
        _take_back(tx, message_id, problem, wait)
    return True


def purge(tx: Tx) -> int:
    """Forget what no vendor speaks of any more. Returns how many."""
    return tx.execute(delete(Parcel).where(Parcel.packed_at < tx.now - KEEP)).rowcount


def _are_queued(view: View, messages: Collection[int]) -> bool:
    queued = select(Message.id).where(Message.id.in_(messages), Message.state == MessageState.QUEUED.value)
    return view.execute(queued.limit(1)).first() is not None


def _take_back(tx: Tx, message_id: int, problem: str, wait: timedelta | None) -> None:
    """A message that was thought to be there is not. Who sends it just now finds that out by himself."""
    sent = update(Message).where(Message.id == message_id, Message.state == MessageState.SENT.value)
    if wait is not None:
        queued = {"state": MessageState.QUEUED.value, "sent_at": None, "due_at": tx.now + wait, "token": None}
        tx.execute(sent.values(queued_at=tx.now, attempts=0, problem=problem[:200], **queued))
        return
    failed = sent.values(state=MessageState.FAILED.value, sent_at=None, due_at=None, problem=problem[:200])
    row = tx.execute(failed.returning(Message.channel, Message.news)).first()
    if row is not None and NewsKind(row.news) not in FOR_STAFF_ONLY:
        open_case(tx, CaseKind.MESSAGE, message_id, {"channel": row.channel, "news": row.news})


def _list(view: View, address: Address) -> Sequence[Row[Any]]:
    """Someone's parcels, newest first, without those that were lost: they are packed anew, under another id."""
    own = select(*Parcel.__table__.columns).where(
        Parcel.channel == address.channel,
        Parcel.external_id == address.external_id,
        Parcel.lost_at.is_(None),
    )
    return view.execute(own.order_by(Parcel.packed_at.desc())).all()


def _packed(row: Row[Any]) -> Packed:
    return Packed(row.parcel, row.messages, is_repeat=True, has_arrived=row.arrived_at is not None)


def _own(address: Address, parcel: str) -> tuple[ColumnElement[bool], ...]:
    return (Parcel.channel == address.channel, Parcel.parcel == parcel)
