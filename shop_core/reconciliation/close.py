"""Settling a difference by a booking or a note, and signing a day off."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, func, select, update

from shop_core.cases.cases import CaseKind, close_case
from shop_core.db.base import table_of
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.reconciliation.counterpart import Counterpart, Counterparts
from shop_core.reconciliation.days import after
from shop_core.reconciliation.errors import (
    DayNotSettled,
    DaySigned,
    DifferenceChanged,
    NoSuchDay,
    NoSuchDifference,
    WayNotOpen,
)
from shop_core.reconciliation.lines import LineState
from shop_core.reconciliation.match import DIFFERENCES, UNSETTLED, Group, Kind
from shop_core.reconciliation.models import ReconciledDay, ReconciledLine
from shop_core.reconciliation.rematch import CORRECTED, lock_day, open_cases, rematch
from shop_core.reconciliation.rows import group_of


class Way(StrEnum):
    """How a person settles a difference."""

    CORRECT = CORRECTED
    """They are right: what we booked becomes what they have."""
    WRITE_OFF = "write_off"
    """The money is theirs, and nothing of ours explains it: what they have more, or less, goes to the adjustments."""
    CARRY = "carry"
    """It comes tomorrow: the line is matched with the next day instead."""
    KNOWN = "known"
    """We are right, or it makes no difference: nothing is booked."""


_BOOKING: Final = (Way.CORRECT, Way.WRITE_OFF)


def difference_of(group: Group) -> Money | None:
    """What they have taken more than we booked; None: the two are in different money."""
    sides = [line for line in (group.theirs, group.ours) if line is not None]
    if len({line.amount.currency for line in sides}) != 1:
        return None
    theirs = group.theirs.amount.minor if group.theirs else 0
    ours = group.ours.amount.minor if group.ours else 0
    return Money(theirs - ours, sides[0].amount.currency)


def ways_for(group: Group) -> Sequence[Way]:
    """How a difference may be settled, the likeliest first. What is not over, only time can settle."""
    if group.kind is Kind.THEIRS_ONLY:
        return (Way.WRITE_OFF if difference_of(group) != _nothing(group) else Way.KNOWN, Way.CARRY)
    if group.kind is Kind.OURS_ONLY:
        return (Way.CORRECT if difference_of(group) != _nothing(group) else Way.KNOWN, Way.CARRY)
    if group.ours is not None and group.ours.state is LineState.OPEN:
        return (Way.CARRY,)
    if group.theirs is not None and group.theirs.state is LineState.OPEN:
        return (Way.CARRY, Way.KNOWN)
    if difference_of(group) in {None, _nothing(group)}:
        return (Way.KNOWN,)
    return (Way.CORRECT, Way.KNOWN) if group.kind is Kind.LATE else (Way.CORRECT, Way.WRITE_OFF, Way.KNOWN)


def _nothing(group: Group) -> Money | None:
    line = group.theirs or group.ours
    return None if line is None else Money(0, line.amount.currency)


def stamp_of(group: Group) -> str:
    """Eight characters that are others once either side of a difference has changed."""
    facts = [
        "" if line is None else f"{line.amount.minor}{line.amount.currency}{line.state.value}"
        for line in (group.theirs, group.ours)
    ]
    return f"{zlib.crc32('/'.join((group.kind.value, *facts)).encode()):08x}"


def settle(  # noqa: PLR0913 - whose list, what, how, as seen, by whom: each call names them all
    tx: Tx, counterparts: Counterparts, line_id: int, way: Way, *, by: str, stamp: str | None = None
) -> Group:
    """Settle a difference, and book what follows. A second time finds it settled.

    Args:
        stamp: ``stamp_of`` the difference as whoever decides has seen it; None: as it is now.

    Raises:
        NoSuchDifference: Not there, or settled.
        DifferenceChanged: It is not what he has seen.
        DaySigned: Its day is signed off.
        WayNotOpen: Not for a difference of this kind.
        NoSuchCounterpart: Whoever's list it was is not set up any more.
        StillUnderWay: What is to be corrected is not over.
    """
    day_id = tx.execute(select(ReconciledLine.day_id).where(ReconciledLine.id == line_id)).scalar()
    day = None if day_id is None else _lock(tx, day_id)
    if day is None:
        raise NoSuchDifference
    if day.signed_at is not None:
        raise DaySigned(day=day.day.isoformat())
    row = tx.execute(
        select(*ReconciledLine.__table__.columns).where(ReconciledLine.id == line_id).with_for_update()
    ).one()
    if row.closed_at is not None or Kind(row.kind) not in DIFFERENCES:
        raise NoSuchDifference
    group = group_of(row)
    if stamp is not None and stamp != stamp_of(group):
        raise DifferenceChanged
    if way not in ways_for(group):
        raise WayNotOpen(way=way.value)
    if way in _BOOKING:
        _book(tx, counterparts.get(day.counterpart), line_id, group, way)
    carried_to = _next_open(tx, day) if way is Way.CARRY else None
    closed = {"closed_at": tx.now, "closed_by": by, "way": way.value, "carried_to": carried_to}
    tx.execute(update(table_of(ReconciledLine)).where(ReconciledLine.id == line_id).values(closed))
    close_case(tx, CaseKind.DIFFERENCE, line_id, by=by, resolution=way.value)
    open_cases(tx, day.counterpart, day.id, day.day)
    if carried_to is not None:
        rematch(tx, counterparts.get(day.counterpart), carried_to)
    return group


def _book(tx: Tx, counterpart: Counterpart, line_id: int, group: Group, way: Way) -> None:
    difference = difference_of(group)
    if difference is None:
        raise WayNotOpen(way=way.value)
    cause = f"reconciled:{line_id}"
    if way is Way.CORRECT and group.ours is not None:
        right = group.theirs.amount if group.theirs else Money(0, group.ours.amount.currency)
        counterpart.correct(tx, group.ours.subject, right, cause)
    elif difference.minor > 0:
        move = Move(counterpart.account, accounts.ADJUSTMENTS, difference)
        post(tx, key=cause, kind="reconciled", moves=[move])
    else:
        move = Move(accounts.ADJUSTMENTS, counterpart.account, difference * -1)
        post(tx, key=cause, kind="reconciled", moves=[move])


def match_once_more(tx: Tx, counterparts: Counterparts, day_id: int) -> None:
    """Match a day before it is signed off, in a transaction before that: what is found stays to be settled.

    Raises:
        NoSuchDay: Not there.
    """
    day = _lock(tx, day_id)
    if day is None:
        raise NoSuchDay
    known = next((one for one in counterparts if one.name == day.counterpart), None)
    if known is not None:
        rematch(tx, known, day.day)


def sign_off(tx: Tx, day_id: int, *, by: str) -> bool:
    """Sign a day off: nothing of it is booked or matched from now on. False: it was signed off before.

    Raises:
        NoSuchDay: Not there.
        DayNotSettled: Something of it is open, or it was never read.
    """
    day = _lock(tx, day_id)
    if day is None:
        raise NoSuchDay
    if day.signed_at is not None:
        return False
    left = tx.execute(
        select(func.count())
        .select_from(ReconciledLine)
        .where(
            ReconciledLine.day_id == day_id,
            ReconciledLine.closed_at.is_(None),
            ReconciledLine.kind.in_([kind.value for kind in UNSETTLED]),
        )
    ).scalar_one()
    if day.read_at is None or left:
        raise DayNotSettled(left=left)
    signed = {"signed_at": tx.now, "signed_by": by}
    tx.execute(update(table_of(ReconciledDay)).where(ReconciledDay.id == day_id).values(signed))
    return True


def _lock(tx: Tx, day_id: int) -> Row[Any] | None:
    found = tx.execute(
        select(ReconciledDay.counterpart, ReconciledDay.day).where(ReconciledDay.id == day_id)
    ).first()
    return None if found is None else lock_day(tx, found.counterpart, found.day)


def _next_open(tx: Tx, day: Row[Any]) -> date:
    """The next day that is not signed off, read or not."""
    signed = set(
        tx.execute(
            select(ReconciledDay.day).where(
                ReconciledDay.counterpart == day.counterpart,
                ReconciledDay.day > day.day,
                ReconciledDay.signed_at.is_not(None),
            )
        ).scalars()
    )
    following = after(day.day)
    while following in signed:
        following = after(following)
    return following
