"""Taking due rows, and finishing them with a fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, Row, Update, select, update

from shop_core.db.tx import Tx


class Fenced(Exception):
    """Another process has taken this work over. Whatever the transaction did is undone."""


def claim_due(tx: Tx, table: type[Any], *, limit: int, lease: timedelta) -> Sequence[Row[Any]]:
    """Take up to ``limit`` rows whose ``due_at`` has passed, oldest first, for the length of the lease.

    One statement; on PostgreSQL rows that another worker is taking are skipped, on SQLite there is one writer.

    Returns:
        The whole rows, with the new ``token`` that ``finish`` compares.
    """
    picked = (
        select(table.id)
        .where(table.due_at <= tx.now)
        .order_by(table.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    taken = (
        update(table)
        .where(table.id.in_(select(picked.c.id)))
        .values(due_at=tx.now + lease, token=tx.new_token(), attempts=table.attempts + 1)
        .returning(*table.__table__.columns)
    )
    return sorted(tx.execute(taken).all(), key=lambda row: row.id)


def finish(tx: Tx, statement: Update | Delete) -> None:
    """Run a statement that names a row's id and token, and insist that it found the row.

    Raises:
        Fenced: The claim was lost; the caller's transaction must end with this error.
    """
    if tx.execute(statement).rowcount != 1:
        raise Fenced
