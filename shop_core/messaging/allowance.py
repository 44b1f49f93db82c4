"""How much may be pushed to a person, where a channel counts: what he does opens it, what we send uses it up.

WeChat allows 5 messages within 48 hours of what a person wrote, and 3 within a minute of what he touched (a menu, a scene
code, "follow"). The two do not add up, so a message counts against both. The ledger is ours and may be wrong: what WeChat
says of it is believed.

Source: WeChat, customer service messages (客服消息), limits by user action, November 2026.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Index, String, and_, case, delete, or_, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.people import Address
from shop_core.db.base import Base
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or

SAID_LASTS: Final = timedelta(hours=48)
SAID_MOST: Final = 5
TOUCHED_LASTS: Final = timedelta(minutes=1)
TOUCHED_MOST: Final = 3
RESERVED: Final = 1
"""So many of the last ones are kept for orders: paid goods come before everything else."""


class Act(StrEnum):
    """What a person did that lets us write to him."""

    SAID = "said"
    TOUCHED = "touched"


class AllowanceRow(Base):
    """What is left, and until when. Losing a row means silence until the person writes again."""

    __tablename__ = "allowances"
    __table_args__ = (Index("ix_allowances_said_until", "said_until"),)

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    said_until: Mapped[datetime]
    said_left: Mapped[int]
    touched_until: Mapped[datetime]
    touched_left: Mapped[int]


def allow(tx: Tx, address: Address, act: Act) -> None:
    """The person did something: what that allows begins anew, and does not add up with what was left."""
    said = act is Act.SAID
    row = insert_or(tx, AllowanceRow).values(
        channel=address.channel,
        external_id=address.external_id,
        said_until=tx.now + SAID_LASTS if said else tx.now,
        said_left=SAID_MOST if said else 0,
        touched_until=tx.now if said else tx.now + TOUCHED_LASTS,
        touched_left=0 if said else TOUCHED_MOST,
    )
    changed = ("said_until", "said_left") if said else ("touched_until", "touched_left")
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[AllowanceRow.channel, AllowanceRow.external_id],
            set_={name: row.excluded[name] for name in changed},
        )
    )


def spend(tx: Tx, address: Address, *, keep: int = 0) -> bool:
    """Use up one message, before it is sent. False: there is none.

    Args:
        keep: So many have to be left after it.
    """
    is_said = and_(AllowanceRow.said_until > tx.now, AllowanceRow.said_left > keep)
    is_touched = and_(AllowanceRow.touched_until > tx.now, AllowanceRow.touched_left > keep)
    spent = tx.execute(
        update(AllowanceRow)
        .where(*_whose(address), or_(is_said, is_touched))
        .values(
            said_left=case((AllowanceRow.said_left > 0, AllowanceRow.said_left - 1), else_=0),
            touched_left=case((AllowanceRow.touched_left > 0, AllowanceRow.touched_left - 1), else_=0),
        )
    )
    return spent.rowcount == 1


def give_back(tx: Tx, address: Address) -> None:
    """One that was used up has certainly not been sent. Never more than the most that there can be."""
    tx.execute(
        update(AllowanceRow)
        .where(*_whose(address))
        .values(
            said_left=case((AllowanceRow.said_left < SAID_MOST, AllowanceRow.said_left + 1), else_=SAID_MOST),
            touched_left=case(
                (AllowanceRow.touched_left < TOUCHED_MOST, AllowanceRow.touched_left + 1), else_=TOUCHED_MOST
            ),
        )
    )


def close(tx: Tx, address: Address) -> None:
    """The channel says that there is none left, whatever we thought."""
    tx.execute(update(AllowanceRow).where(*_whose(address)).values(said_left=0, touched_left=0))


def purge(tx: Tx) -> int:
    """Forget whom nothing may be pushed to anyway. Returns how many."""
    return tx.execute(
        delete(AllowanceRow).where(AllowanceRow.said_until <= tx.now, AllowanceRow.touched_until <= tx.now)
    ).rowcount


def _whose(address: Address) -> tuple[ColumnElement[bool], ...]:
    return (AllowanceRow.channel == address.channel, AllowanceRow.external_id == address.external_id)
