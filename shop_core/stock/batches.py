"""An import as it stands, and holding on to one while it is worked on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Update, func, literal_column, select, update

from shop_core.customers.people import Address
from shop_core.db import inbox
from shop_core.db.base import table_of
from shop_core.db.claims import Fenced, claim_due
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.stock.errors import NoSuchBatch
from shop_core.stock.models import Batch, BatchState, Card

LEASE: Final = timedelta(seconds=30)
"""How long a process that died keeps an import; each part that is committed begins it anew."""

CHUNK: Final = 500
"""Codes in one transaction: short enough that a buyer beside it does not notice."""

_COLUMNS: Final = tuple(table_of(Batch).columns)


@dataclass(frozen=True, slots=True)
class BatchView:
    """What became of each line of an import so far. No code is ever repeated here.

    ``added``, ``already_there``, ``twice_in_input`` and ``bad_count`` together are all lines that are not blank. A line
    whose code the shop had before is "already there" each time it comes; "twice" is a code that this import itself brought
    in further up.

    Attributes:
        lines: Number of the last line.
        done_lines: Number of the last line that was dealt with.
        bad: The first bad lines: number and reason. ``bad_count`` has all of them.
        removed: Codes taken off the shelf again.
        tell: Who waits to hear how it ended.
    """

    batch_id: int
    variant_id: int
    state: BatchState
    origin: str
    imported_at: datetime
    imported_by: str
    lines: int
    done_lines: int
    added: int
    already_there: int
    twice_in_input: int
    bad_count: int
    bad: tuple[tuple[int, str], ...]
    removed: int
    tell: Address | None

    @property
    def kept(self) -> int:
        """Codes of it that the shop still has or has sold."""
        return self.added - self.removed

    @property
    def cause(self) -> str:
        """Of the news that it has ended."""
        return f"batch:{self.batch_id}:ended"


@dataclass(frozen=True, slots=True)
class Claim:
    """An import in the hands of one process, with the fence that every step of it compares."""

    batch_id: int
    token: int


def find_batch(view: View, batch_id: int) -> BatchView | None:
    """An import by its number."""
    row = view.execute(select(*_COLUMNS).where(Batch.id == batch_id)).first()
    return None if row is None else view_of(row)


def get_batch(view: View, batch_id: int) -> BatchView:
    """An import by its number.

    Raises:
        NoSuchBatch: None has it.
    """
    found = find_batch(view, batch_id)
    if found is None:
        raise NoSuchBatch
    return found


def list_batches(view: View, variant_id: int, limit: int) -> Sequence[BatchView]:
    """The latest imports of a variant that brought anything in, or are about to; newest first."""
    wanted = (
        select(*_COLUMNS)
        .where(
            Batch.variant_id == variant_id,
            (Batch.added > 0) | (Batch.state == BatchState.IMPORTING.value),
        )
        .order_by(Batch.id.desc())
        .limit(limit)
    )
    return [view_of(row) for row in view.execute(wanted)]


def count_unsold(view: View, batch_id: int) -> int:
    """How many codes of an import nobody holds or has bought."""
    counted = (
        select(func.count())
        .select_from(Card)
        .join(
            Batch,
            # Named like this the codes are found by the index of the shelf.
            (Batch.id == Card.batch_id)
            & (Batch.variant_id == Card.variant_id)
            & (Batch.expires_on == Card.expires_on),
        )
        .where(Batch.id == batch_id, Card.state == literal_column("'available'"))
    )
    return int(view.execute(counted).scalar_one())


def claim_batch(tx: Tx) -> Claim | None:
    """Take an import that nobody is at."""
    rows = claim_due(tx, Batch, limit=1, lease=LEASE)
    return Claim(rows[0].id, rows[0].token) if rows else None


def own(claim: Claim, state: BatchState) -> Update:
    """The update of a claimed import, as long as it is ours and still to be worked on in this way."""
    return update(table_of(Batch)).where(
        Batch.id == claim.batch_id, Batch.token == claim.token, Batch.state == state.value
    )


def change(tx: Tx, statement: Update) -> BatchView:
    """Run an update of ``own``.

    Raises:
        Fenced: It is not ours any more; the caller's transaction must end with this error.
    """
    row = tx.execute(statement.returning(*_COLUMNS)).first()
    if row is None:
        raise Fenced
    return view_of(row)


async def to_the_end(shop: Shop, claim: Claim, work: Awaitable[BatchView]) -> BatchView:
    """Work on a claimed import. If we are stopped, others may go on at once; if it fails, when the claim has run out.

    Returns:
        How it stands. Not at its end if another took it over: it is being taken back, or this process was frozen.
    """
    try:
        return await work
    except Fenced:
        return await shop.read(get_batch, claim.batch_id)
    except asyncio.CancelledError:
        await shop.write(_give_back, claim)
        raise


def forget_keys(tx: Tx) -> int:
    """Forget which message an import came with, when no sender repeats it any more. Returns how many."""
    old = (Batch.key.is_not(None)) & (Batch.imported_at < tx.now - inbox.KEEP) & (Batch.due_at.is_(None))
    return tx.execute(update(table_of(Batch)).where(old).values(key=None)).rowcount


def view_of(row: Row[Any]) -> BatchView:
    """An import from all columns of its row."""
    tell = None if row.tell_channel is None else Address(row.tell_channel, row.tell_external_id)
    return BatchView(
        row.id,
        row.variant_id,
        BatchState(row.state),
        row.origin,
        row.imported_at,
        row.imported_by,
        row.lines,
        row.done_lines,
        row.added,
        row.already_there,
        row.twice_in_input,
        row.bad_count,
        tuple((number, problem) for number, problem in row.bad or ()),
        row.removed,
        tell,
    )


def _give_back(tx: Tx, claim: Claim) -> None:
    tx.execute(
        update(table_of(Batch))
        .where(Batch.id == claim.batch_id, Batch.token == claim.token)
        .values(due_at=tx.now, token=None)
    )
    tx.wake("batches")
