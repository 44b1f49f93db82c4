"""The daily reading: whatever day is over is read and matched, and matched again while something of it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import structlog
from sqlalchemy import exists, select

from shop_core.cases.cases import CaseKind, open_case
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import RetryLater, ShopError, Unknown
from shop_core.reconciliation.counterpart import Counterpart, Counterparts
from shop_core.reconciliation.days import after, before, bounds_of, day_of
from shop_core.reconciliation.match import UNSETTLED
from shop_core.reconciliation.models import ReconciledDay, ReconciledLine
from shop_core.reconciliation.rematch import begin_day, rematch, take_reading

SETTLES: Final = timedelta(hours=1)
"""A list is read so long after its midnight: before, the last purchases may not stand on it."""
ALARM_AFTER: Final = timedelta(hours=6)
"""A list that cannot be read by so long after its midnight is a case."""
READ_AGAIN_AFTER: Final = timedelta(hours=20)
READ_AGAIN_FOR: Final = timedelta(days=7)
"""A day on which something is open is read again daily for so long: what is under way ends, and they correct themselves."""
LOOKS_BACK: Final = timedelta(days=31)
"""Days that were missed are caught up with so far back; days with something open are matched again so far back."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be done for one counterpart: days to read, and days to match again."""

    read: Sequence[date]
    match: Sequence[date]


async def reconcile(shop: Shop) -> int:
    """Read and match what is due. Returns how many days were read.

    May run twice and break off anywhere: a day is one transaction, and what is matched already comes out the same.
    """
    return sum([await reconcile_with(shop, one) for one in shop.get(Counterparts)])


async def reconcile_with(shop: Shop, counterpart: Counterpart) -> int:
    """The same for one counterpart. A list that cannot be read now is read later."""
    due = await shop.read(_find_due, counterpart)
    read = [day for day in due.read if await _read(shop, counterpart, day)]
    beside = {beside for day in read for beside in (before(day), after(day))}
    for day in sorted({*due.match, *beside} - set(read)):
        await shop.write(rematch, counterpart, day)
    return len(read)


async def _read(shop: Shop, counterpart: Counterpart, day: date) -> bool:
    try:
        theirs = await counterpart.theirs(day)
    except (RetryLater, Unknown, ShopError) as error:
        log.warning("statement not read", counterpart=counterpart.name, day=day.isoformat(), said=str(error))
        await shop.write(_note_missing, counterpart, day, str(error))
        return False
    await shop.write(take_reading, counterpart, day, theirs)
    # Lines near midnight: what this day has now, the day before does not wait for any more.
    await shop.write(rematch, counterpart, before(day))
    return True


def _note_missing(tx: Tx, counterpart: Counterpart, day: date, said: str) -> None:
    row = begin_day(tx, counterpart.name, day)
    _, ends = bounds_of(day, counterpart.zone)
    if row.read_at is None and row.signed_at is None and tx.now - ends >= ALARM_AFTER:
        evidence = {"counterpart": counterpart.name, "day": day.isoformat(), "said": said[:200]}
        open_case(tx, CaseKind.STATEMENT, row.id, evidence)


def _find_due(view: View, counterpart: Counterpart) -> _Due:
    last = before(day_of(view.now - SETTLES, counterpart.zone))
    rows = view.execute(
        select(
            ReconciledDay.day,
            ReconciledDay.read_at,
            exists()
            .where(
                ReconciledLine.day_id == ReconciledDay.id,
                ReconciledLine.closed_at.is_(None),
                ReconciledLine.kind.in_([kind.value for kind in UNSETTLED]),
            )
            .label("is_unsettled"),
        ).where(
            ReconciledDay.counterpart == counterpart.name,
            ReconciledDay.day >= last - LOOKS_BACK,
            ReconciledDay.signed_at.is_(None),
        )
    ).all()
    unread = [row.day for row in rows if row.read_at is None and row.day <= last]
    again = [
        row.day
        for row in rows
        if row.read_at is not None
        and row.is_unsettled
        and row.day >= last - READ_AGAIN_FOR
        and view.now - row.read_at >= READ_AGAIN_AFTER
    ]
    new = _new_days(view, counterpart, last)
    # A day on which all is settled is matched once more when it is signed off: a long one costs a second each time.
    unsettled = sorted(row.day for row in rows if row.read_at is not None and row.is_unsettled)
    return _Due(sorted({*unread, *again, *new}), unsettled)


def _new_days(view: View, counterpart: Counterpart, last: date) -> Sequence[date]:
    """Days without a row. Somebody new begins with the last day that is over: before, nobody promised anything."""
    known = select(ReconciledDay.day).where(ReconciledDay.counterpart == counterpart.name)
    newest: date | None = view.execute(known.order_by(ReconciledDay.day.desc()).limit(1)).scalar()
    first = last if newest is None else max(after(newest), last - LOOKS_BACK)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
