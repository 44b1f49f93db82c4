"""Taking due rows, and finishing them with a fence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Delete, Row, Table, Update, bindparam, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from shop_core.db.tx import Tx


class Fenced(Exception):
    """Another process has taken this work over. Whatever the transaction did is undone."""


def claim_due(tx: Tx, table: type[Any], *, limit: int, lease: timedelta) -> Sequence[Row[Any]]:
    """Take up to ``limit`` rows whose ``due_at`` has passed, oldest first, for the length of the lease.

    One statement; on PostgreSQL rows that another worker is taking are skipped, on SQLite there is one writer.

    Returns:
        The whole rows, with the new ``token`` that ``finish`` compares.
    """
    taken = tx.execute(
        _taking(table.__table__),
        {"now": tx.now, "most": limit, "until": tx.now + lease, "new_token": tx.new_token()},
    )
    return sorted(taken.all(), key=lambda row: row.id)


@cache
def _taking(table: Table) -> ReturningUpdate[Any]:
    """The statement, built once: every loop of a process says it all day."""
    columns = table.columns
    picked = (
        select(columns.id)
        .where(columns.due_at <= bindparam("now", type_=columns.due_at.type))
        .order_by(columns.due_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return (
        update(table)
        .where(columns.id.in_(select(picked.c.id)))
        .values(
            due_at=bindparam("until", type_=columns.due_at.type),
            token=bindparam("new_token"),
            attempts=columns.attempts + 1,
        )
        .returning(*columns)
    )


def finish(tx: Tx, statement: Update | Delete) -> None:
    """Run a statement that names a row's id and token, and insist that it found the row.

    Raises:
        Fenced: The claim was lost; the caller's transaction must end with this error.
    """
    if tx.execute(statement).rowcount != 1:
        raise Fenced
