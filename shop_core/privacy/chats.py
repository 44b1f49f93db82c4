"""Chats that are nobody's: what was kept of them goes, once they have been silent for as long as letters are remembered.

Who is erased leaves the lane of the letter by which he asked for it, and the screen that says that it is done; a gateway
leaves a lane for every payment that it told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, literal, select

from shop_core.conversations.models import FormRow, PromptRow
from shop_core.customers.models import Identity
from shop_core.db.inbox import KEEP, InboxRow, LaneRow
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.messaging.choices import ChoiceRow
from shop_core.messaging.models import ShownMessage
from shop_core.messaging.parcels import Parcel

AT_ONCE: Final = 500
OF_THE_CHAT: Final = (FormRow, PromptRow, ChoiceRow, ShownMessage, Parcel)
"""What a chat shows and asks at this moment, and under which ids it was sent there."""


async def sweep_chats(shop: Shop) -> int:
    """Forget chats of nobody, the longest silent first. Returns how many.

    May run twice: each is looked at again before it goes.
    """
    silent = await shop.read(_find_silent)
    if not silent:
        return 0
    swept = await shop.write(_sweep, silent)
    # A letter may have come into a lane in the moment in which it went.
    await shop.write(restore_lanes)
    return swept


def restore_lanes(tx: Tx) -> int:
    """Give every letter that waits its lane. Returns how many had none."""
    lost = (
        select(InboxRow.lane)
        .distinct()
        .where(InboxRow.done_at.is_(None), ~exists().where(LaneRow.lane == InboxRow.lane))
    )
    lanes = tx.execute(lost).scalars().all()
    for lane in lanes:
        tx.execute(insert_or(tx, LaneRow).values(lane=lane, leased_until=tx.now).on_conflict_do_nothing())
    if lanes:
        tx.wake("inbox")
    return len(lanes)


def _find_silent(view: View) -> Sequence[str]:
    rows = select(LaneRow.lane).where(*_silent(view)).order_by(LaneRow.leased_until).limit(AT_ONCE)
    return view.execute(rows).scalars().all()


def _sweep(tx: Tx, lanes: Sequence[str]) -> int:
    gone = delete(LaneRow).where(LaneRow.lane.in_(lanes), *_silent(tx)).returning(LaneRow.lane)
    swept = tx.execute(gone).scalars().all()
    for lane in swept:
        channel, _, external_id = lane.partition(":")
        for table in OF_THE_CHAT:
            tx.execute(delete(table).where(table.channel == channel, table.external_id == external_id))
    return len(swept)


def _silent(view: View) -> tuple[ColumnElement[bool], ...]:
    """Nobody whom we know is there, nothing waits, and nothing did for long."""
    colon: Any = (func.strpos if view.is_postgresql else func.instr)(LaneRow.lane, literal(":"))
    is_known = exists().where(
        Identity.channel == func.substr(LaneRow.lane, 1, colon - 1),
        Identity.external_id == func.substr(LaneRow.lane, colon + 1),
    )
    waits = exists().where(InboxRow.lane == LaneRow.lane, InboxRow.done_at.is_(None))
    return LaneRow.leased_until < view.now - KEEP, ~is_known, ~waits
