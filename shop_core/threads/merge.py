"""Two persons become one, and so do their conversations: no message is lost, and each stays where it was in time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case
from shop_core.db.base import table_of
from shop_core.db.tx import Tx
from shop_core.threads.models import Thread, ThreadMessage


@dataclass(frozen=True, slots=True)
class MergedThreads:
    """Which thread went on as which."""

    gone: int
    kept: int


def merge_threads(tx: Tx, *, kept: int, gone: int) -> MergedThreads | None:
    """Give what one person wrote, and was answered, to another. The caller holds both persons' locks.

    Returns:
        The two threads, where both had one; None where nothing but the owner changed.
    """
    rows = {
        row.person_id: row
        for row in tx.execute(
            # In one order for everybody; whoever answers holds a thread's row.
            select(*Thread.__table__.columns)
            .where(Thread.person_id.in_((kept, gone)))
            .order_by(Thread.id)
            .with_for_update()
        )
    }
    threads = table_of(Thread)
    if gone not in rows:
        return None
    if kept not in rows:
        tx.execute(update(threads).where(Thread.person_id == gone).values(person_id=kept))
        return None
    # The newer goes on: SQLite would give the highest number again, and an old notice would lead to a stranger's thread.
    other, own = sorted(rows.values(), key=lambda row: row.id)
    tx.execute(
        update(table_of(ThreadMessage)).where(ThreadMessage.thread_id == other.id).values(thread_id=own.id)
    )
    waiting = [row.waiting_since for row in (own, other) if row.waiting_since is not None]
    latest = max((own, other), key=lambda row: (row.last_at, row.id))
    tx.execute(delete(threads).where(Thread.id == other.id))
    tx.execute(
        update(threads)
        .where(Thread.id == own.id)
        .values(
            person_id=kept,
            waiting_since=min(waiting, default=None),
            last_at=latest.last_at,
            channel=latest.channel,
            external_id=latest.external_id,
            order_id=latest.order_id or own.order_id or other.order_id,
        )
    )
    # If he waits too long, the sweeper opens one for the thread that goes on.
    close_case(tx, CaseKind.THREAD, other.id, by=MACHINE, resolution="merged")
    return MergedThreads(other.id, own.id)
