"""Customers whom nobody answers: a case each, which an answer closes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update

from shop_core.cases.cases import CaseKind, open_case
from shop_core.customers.models import Person
from shop_core.db.base import Moment, table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.threads.models import Thread, ThreadFile

WAITS_TOO_LONG: Final = timedelta(minutes=30)
KEEP_FILES: Final = timedelta(days=180)
"""Longer than any warranty; the texts stay."""
_AT_ONCE: Final = 50


async def watch_threads(shop: Shop) -> int:
    """Open a case for each customer who waits too long. Returns how many wait. Twice changes nothing."""
    late = await shop.read(_find_late)
    if late:
        await shop.write(_report)
    return len(late)


_LATE: Final = (
    select(Thread.id, Person.name)
    .join(Person, Person.id == Thread.person_id)
    .where(Thread.waiting_since <= bindparam("before", type_=Moment()))
    .order_by(Thread.waiting_since)
    .limit(_AT_ONCE)
)


def _find_late(view: View) -> Sequence[Row[Any]]:
    return view.execute(_LATE, {"before": view.now - WAITS_TOO_LONG}).all()


def _report(tx: Tx) -> None:
    # Locked: an answer in between would have closed a case that is not open yet, and left it open for ever.
    locked = _LATE.with_for_update(of=Thread)
    for row in tx.execute(locked, {"before": tx.now - WAITS_TOO_LONG}).all():
        open_case(tx, CaseKind.THREAD, row.id, {"name": row.name})


def purge_files(tx: Tx) -> int:
    """Forget what pictures and files showed, once nobody needs them. Returns how many."""
    old = update(table_of(ThreadFile)).where(
        ThreadFile.sealed.is_not(None), ThreadFile.kept_since < tx.now - KEEP_FILES
    )
    return tx.execute(old.values(sealed=None)).rowcount
