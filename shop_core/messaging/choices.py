"""What the numbers under a person's last screen mean, where a channel has no buttons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Index, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.people import Address
from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

LAST: Final = timedelta(minutes=30)
"""As long as a prompt: who comes back later has forgotten what 2 was."""


class ChoiceRow(Base):
    """A person's last screen, page by page, and which page he sees. Sealed: a page may hold a code.

    Replaced by the next screen; losing it costs a look at the first screen.
    """

    __tablename__ = "choices"
    __table_args__ = (Index("ix_choices_until", "until"),)

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    page: Mapped[int]
    shown_at: Mapped[datetime]
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Offered:
    """What was offered last.

    Attributes:
        page: Which page of it the person sees, from 0.
        shown_at: A number that reached us before this was meant for what stood there before.
    """

    sealed: bytes
    page: int
    shown_at: datetime


def offer(tx: Tx, address: Address, sealed: bytes) -> None:
    """From now on numbers mean this, on its first page."""
    row = insert_or(tx, ChoiceRow).values(
        channel=address.channel,
        external_id=address.external_id,
        sealed=sealed,
        page=0,
        shown_at=tx.now,
        until=tx.now + LAST,
    )
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[ChoiceRow.channel, ChoiceRow.external_id],
            set_={name: row.excluded[name] for name in ("sealed", "page", "shown_at", "until")},
        )
    )


def turn_to(tx: Tx, address: Address, page: int) -> None:
    """He sees another page of the same."""
    tx.execute(
        update(ChoiceRow)
        .where(ChoiceRow.channel == address.channel, ChoiceRow.external_id == address.external_id)
        .values(page=page, shown_at=tx.now, until=tx.now + LAST)
    )


def find_offered(view: View, address: Address) -> Offered | None:
    """What numbers mean; None: nothing any more."""
    row = view.execute(
        select(ChoiceRow.sealed, ChoiceRow.page, ChoiceRow.shown_at).where(
            ChoiceRow.channel == address.channel,
            ChoiceRow.external_id == address.external_id,
            ChoiceRow.until > view.now,
        )
    ).first()
    return None if row is None else Offered(row.sealed, row.page, row.shown_at)


def purge(tx: Tx) -> int:
    """Forget what numbers meant. Returns for how many people."""
    return tx.execute(delete(ChoiceRow).where(ChoiceRow.until <= tx.now)).rowcount
