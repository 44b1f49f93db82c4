"""How fast a channel is sent to: a turn for each message, counted in memory or in rows that all processes share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or

FAR: Final = timedelta(seconds=2)
"""A turn further off than this is not given yet: who is turned away meanwhile must not hold one."""

_FORGOTTEN_AFTER: Final = timedelta(hours=1)


class PaceRow(Base):
    """How far the turns of a channel, or of one chat of it, are given away.

    Losing a row costs nothing but a few messages too many at once, which the channel refuses by itself. On PostgreSQL
    the table is unlogged, so that no message waits for a disk.
    """

    __tablename__ = "paces"

    name: Mapped[str] = mapped_column(String(180), primary_key=True)
    used_until: Mapped[datetime]
    paused_until: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Rate:
    """One turn ``every`` so often, after ``burst`` at once: at most ``burst`` + ``period / every`` in any period."""

    every: timedelta
    burst: int

    def next_turn(self, used_until: datetime | None, now: datetime) -> datetime:
        """When the next turn is."""
        return now if used_until is None else max(now, used_until - self.every * (self.burst - 1))

    def use(self, used_until: datetime | None, at: datetime) -> datetime:
        """``used_until`` after a turn."""
        return (at if used_until is None else max(at, used_until)) + self.every


@dataclass(frozen=True, slots=True)
class Wanted:
    """A turn that somebody asks for.

    Attributes:
        chat: In which chat, if its own rate counts; None: only the channel's does.
        rate: The chat's.
    """

    chat: str | None
    rate: Rate


@dataclass(frozen=True, slots=True)
class Turn:
    """What is answered: ``at`` this moment, if it is given; else ask again then."""

    at: datetime
    is_given: bool


@dataclass(slots=True)
class Pace:
    """What is given away of one channel's turns. Pure: told the time, it touches nothing outside.

    Attributes:
        used: Chat, or "" for the channel as a whole → the end of what is given away.
    """

    rate: Rate
    used: MutableMapping[str, datetime]
    paused_until: datetime | None = None

    def give(self, wanted: Wanted, now: datetime) -> Turn:
        """Give a turn, unless there is a pause, the chat has had enough for now, or the channel for long."""
        if self.paused_until is not None and self.paused_until > now:
            return Turn(self.paused_until, is_given=False)
        if wanted.chat is not None:
            free = wanted.rate.next_turn(self.used.get(wanted.chat), now)
            if free > now:
                return Turn(free, is_given=False)
        at = self.rate.next_turn(self.used.get(""), now)
        if at > now + FAR:
            return Turn(at - FAR, is_given=False)
        self.used[""] = self.rate.use(self.used.get(""), at)
        if wanted.chat is not None:
            self.used[wanted.chat] = wanted.rate.use(self.used.get(wanted.chat), at)
        return Turn(at, is_given=True)

    def pause(self, until: datetime) -> None:
        """Give none before ``until``; a longer pause stays."""
        self.paused_until = until if self.paused_until is None else max(self.paused_until, until)

    def forget(self, now: datetime) -> None:
        """Drop what counts for nothing any more."""
        for chat in [chat for chat, until in self.used.items() if until < now]:
            del self.used[chat]


def give_turns(tx: Tx, channel: str, rate: Rate, wanted: Sequence[Wanted]) -> Sequence[Turn]:
    """Give turns over the shared rows, to all who wait together in one process. A turn that is not used is lost."""
    pace = _read(tx, channel, rate, {one.chat for one in wanted if one.chat is not None})
    before = dict(pace.used)
    turns = [pace.give(one, tx.now) for one in wanted]
    _keep(tx, channel, {chat: until for chat, until in pace.used.items() if before.get(chat) != until})
    return turns


def pause_turns(tx: Tx, channel: str, until: datetime) -> None:
    """Let no process send before ``until``. Twice is like once; a longer pause stays."""
    row = insert_or(tx, PaceRow).values(name=channel, used_until=tx.now, paused_until=until)
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[PaceRow.name],
            set_={"paused_until": until},
            where=PaceRow.paused_until.is_(None) | (PaceRow.paused_until < until),
        )
    )


def purge(tx: Tx) -> int:
    """Forget chats that were quiet for long. Returns how many."""
    is_over = PaceRow.paused_until.is_(None) | (PaceRow.paused_until < tx.now)
    return tx.execute(delete(PaceRow).where(PaceRow.used_until < tx.now - _FORGOTTEN_AFTER, is_over)).rowcount


def _read(tx: Tx, channel: str, rate: Rate, chats: Iterable[str]) -> Pace:
    """The rows, locked. The channel's sorts first, so that whoever holds it holds up all others, and none crosswise."""
    names = {channel: "", **{_name(channel, chat): chat for chat in chats}}
    rows = select(PaceRow).where(PaceRow.name.in_(names)).order_by(PaceRow.name).with_for_update()
    found = tx.execute(rows.with_only_columns(*PaceRow.__table__.columns)).all()
    if not any(row.name == channel for row in found):
        tx.execute(
            insert_or(tx, PaceRow).values(name=channel, used_until=tx.now - FAR).on_conflict_do_nothing()
        )
        found = tx.execute(rows.with_only_columns(*PaceRow.__table__.columns)).all()
    paused = next((row.paused_until for row in found if row.name == channel), None)
    return Pace(rate, {names[row.name]: row.used_until for row in found}, paused)


def _keep(tx: Tx, channel: str, used: Mapping[str, datetime]) -> None:
    if not used:
        return
    row = insert_or(tx, PaceRow)
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[PaceRow.name], set_={"used_until": row.excluded.used_until}
        ),
        [{"name": _name(channel, chat), "used_until": until} for chat, until in sorted(used.items())],
    )


def _name(channel: str, chat: str) -> str:
    return f"{channel}:{chat}" if chat else channel
