"""Channels that bring no message but the hint that there are some: how far we have read, and who reads now.

A lost hint loses nothing: the next one, or the look that is due anyway, finds what it spoke of. What was read goes into
the inbox in the transaction that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, String, Update, case, literal, null, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Claimable, Moment, table_of
from shop_core.db.claims import finish
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

TOPIC: Final = "pulls"
LONGEST_HINT: Final = 500


class PullRow(Claimable, Base):
    """How far a channel has been read: one row, one reader at a time.

    Attributes:
        since: The channel was opened then; what was said long before is not for us.
        cursor: Where the vendor goes on; empty before the first page.
        hints: How often we were told that there is something. A reader who finds more than when he began looks again.
        hint: What came with the last one and lets us read without being slowed down, until ``hint_until``.
    """

    __tablename__ = "pulls"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]
    cursor: Mapped[str] = mapped_column(String(500))
    hints: Mapped[int] = mapped_column(BigInteger)
    hint: Mapped[str] = mapped_column(String(LONGEST_HINT))
    hint_until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Pull:
    """The right to read on, with the fence that it is finished by.

    Attributes:
        hint: Empty: there is none, or it is too old.
    """

    channel: str
    since: datetime
    cursor: str
    hint: str
    hints: int
    token: int


def open_pull(tx: Tx, channel: str) -> None:
    """There is such a channel: look at once. Twice changes nothing."""
    tx.execute(
        insert_or(tx, PullRow)
        .values(
            channel=channel,
            since=tx.now,
            cursor="",
            hints=0,
            hint="",
            hint_until=tx.now,
            due_at=tx.now,
            attempts=0,
        )
        .on_conflict_do_nothing()
    )


def hint_at(tx: Tx, channel: str, hint: str, *, lasts: timedelta) -> None:
    """Somebody says that there is something to read. Who reads just now looks again when he is done."""
    open_pull(tx, channel)
    tx.execute(
        update(table_of(PullRow))
        .where(PullRow.channel == channel)
        .values(
            hints=PullRow.hints + 1,
            hint=hint[:LONGEST_HINT],
            hint_until=tx.now + lasts,
            due_at=case((PullRow.token.is_(None), literal(tx.now, Moment())), else_=PullRow.due_at),
        )
    )
    tx.wake(TOPIC)


def take_pull(tx: Tx, channel: str, *, lease: timedelta) -> Pull | None:
    """Become the one who reads. None: somebody reads, or nothing is due."""
    row = tx.execute(
        update(table_of(PullRow))
        .where(PullRow.channel == channel, PullRow.due_at <= tx.now)
        .values(due_at=tx.now + lease, token=tx.new_token(), attempts=PullRow.attempts + 1)
        .returning(*PullRow.__table__.columns)
    ).first()
    if row is None:
        return None
    hint = row.hint if row.hint_until > tx.now else ""
    return Pull(channel, row.since, row.cursor, hint, row.hints, row.token)


def keep_page(tx: Tx, pull: Pull, cursor: str, store: Callable[[Tx], None], *, lease: timedelta) -> None:
    """A page has been read: what is on it is stored and the cursor goes on, together or not at all.

    Raises:
        Fenced: Another one reads by now; nothing was stored.
    """
    finish(tx, _own(pull).values(cursor=cursor, due_at=tx.now + lease, attempts=0))
    store(tx)


def end_pull(tx: Tx, pull: Pull, *, again_in: timedelta) -> None:
    """All is read, or nothing can be now. Due again then; at once if there was a hint meanwhile.

    Raises:
        Fenced: Another one reads by now.
    """
    hinted = PullRow.hints > pull.hints
    due_at = case((hinted, literal(tx.now, Moment())), else_=literal(tx.now + again_in, Moment()))
    finish(tx, _own(pull).values(token=null(), due_at=due_at))
    tx.wake(TOPIC)


def put_off(tx: Tx, pull: Pull, *, pause: timedelta) -> None:
    """It cannot be read now; a hint meanwhile lets somebody try at once. Silent if another one reads by now."""
    tx.execute(_own(pull).values(token=null(), due_at=tx.now + pause))


def find_cursor(view: View, channel: str) -> str | None:
    """How far a channel has been read; None: nobody ever looked."""
    return view.execute(select(PullRow.cursor).where(PullRow.channel == channel)).scalar()


def _own(pull: Pull) -> Update:
    return update(table_of(PullRow)).where(PullRow.channel == pull.channel, PullRow.token == pull.token)
