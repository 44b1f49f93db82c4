"""News on its way from the transaction that made it true to each consumer, at least once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update

from shop_core.db.base import table_of
from shop_core.db.claims import Fenced, claim_due
from shop_core.db.outbox_table import OutboxRow
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View

LEASE: Final = timedelta(seconds=60)
_DONE: Final = delete(table_of(OutboxRow)).where(
    OutboxRow.id == bindparam("done"), OutboxRow.token == bindparam("held")
)
_LONGEST_PAUSE_S: Final = 600


@dataclass(frozen=True, slots=True)
class News:
    """One event as its consumer gets it. ``done`` belongs into the consumer's own transaction."""

    id: int
    consumer: str
    event: str
    payload: dict[str, Any]
    token: int
    attempts: int


Consumer = Callable[[Shop, News], Awaitable[None]]


def claim_news(tx: Tx, limit: int) -> Sequence[News]:
    """Take news that is due."""
    rows = claim_due(tx, OutboxRow, limit=limit, lease=LEASE)
    return [News(row.id, row.consumer, row.event, row.payload, row.token, row.attempts) for row in rows]


def done(tx: Tx, news: News) -> None:
    """The consumer's transaction did what the news asked for: the row goes with it.

    Raises:
        Fenced: Somebody else has it now; this transaction is undone.
    """
    if tx.execute(_DONE, {"done": news.id, "held": news.token}).rowcount != 1:
        raise Fenced


def postpone(tx: Tx, news: News) -> None:
    """The consumer failed: try again later, ever more slowly, for ever. Nothing due is dropped."""
    pause = timedelta(seconds=min(2**news.attempts, _LONGEST_PAUSE_S))
    tx.execute(
        update(OutboxRow)
        .where(OutboxRow.id == news.id, OutboxRow.token == news.token)
        .values(due_at=tx.now + pause)
    )


def count_waiting(view: View) -> int:
    """How much news has not reached its consumer."""
    return int(view.execute(select(func.count()).select_from(OutboxRow)).scalar_one())
