"""Races made deterministic: the second transaction runs between two statements of the first, and nowhere else.

Only PostgreSQL has races to offer: on SQLite one writer thread runs bodies whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import event, text
from sqlalchemy.util import await_only

from shop_core.db.database import Database
from shop_core.kernel.errors import ShopError

First = TypeVar("First")

_DEADLINE_S = 20


@dataclass(frozen=True, slots=True)
class Race:
    """How both ended: the answer, or the refusal. ``had_to_wait``: the first held what the second wanted."""

    first: Any
    second: Any
    had_to_wait: bool


async def run_between(
    database: Database, first: Awaitable[Any], second: Awaitable[Any], *, point: str
) -> Race:
    """Start ``first``; when it is about to run a statement that contains ``point``, let ``second`` run.

    The first goes on as soon as the second is done, or waits for a lock that the first holds.

    Args:
        point: A part of the SQL, such as ``UPDATE cards``.
    """
    [engine] = database.sync_engines()
    started: list[asyncio.Task[Any]] = []
    waited: list[bool] = []

    def before(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if started or point not in statement:
            return
        started.append(asyncio.ensure_future(_settled(second)))
        waited.append(await_only(_done_or_waiting(database, started[0])))

    event.listen(engine, "before_cursor_execute", before)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            outcome = await _settled(first)
            assert started, f"the first never came to {point!r}"
            return Race(outcome, await started[0], waited[0])
    finally:
        event.remove(engine, "before_cursor_execute", before)


async def _settled(attempt: Awaitable[First]) -> First | type[ShopError]:
    try:
        return await attempt
    except ShopError as refusal:
        return type(refusal)


async def _done_or_waiting(database: Database, task: asyncio.Task[Any]) -> bool:
    while not task.done():
        if await database.read(lambda view: view.execute(text(_WAITING)).scalar_one()):
            return True
        await asyncio.sleep(0)
    return False


_WAITING = (
    "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.datname = current_database()"
    " JOIN pg_stat_activity a ON a.pid = l.pid AND a.datid = d.oid WHERE NOT l.granted"
)
