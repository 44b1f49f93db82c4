"""Taking an import back, as far as nobody has bought or holds its codes.

A code that is taken back is gone from the books: it can be imported again, here or for another variant. Nothing is posted,
because an import posts nothing: a code's cost enters the books when it is sold.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnClause, delete, exists, literal_column, select

from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.staff import audit
from shop_core.stock.batches import CHUNK, LEASE, BatchView, Claim, change, get_batch, own, to_the_end
from shop_core.stock.models import Batch, BatchFile, BatchState, Card

_AVAILABLE: Final[ColumnClause[str]] = literal_column("'available'")


async def undo_import(shop: Shop, batch_id: int, *, by: str) -> BatchView:
    """Take back what is left of an import; one that is still under way stops.

    May run twice: the second time it takes back what orders have given back since. What a crash leaves, ``carry_on``
    finishes.

    Returns:
        How it stands; its ``kept`` codes are sold or held and stay.

    Raises:
        NoSuchBatch: None has this number.
    """
    batch, claim = await shop.write(_begin, batch_id, by)
    return batch if claim is None else await to_the_end(shop, claim, take_back(shop, claim))


async def take_back(shop: Shop, claim: Claim) -> BatchView:
    """Go on with taking back, part by part.

    Raises:
        Fenced: Another process has it.
    """
    while (batch := await shop.write(_remove_part, claim)).state is BatchState.UNDOING:
        pass
    return batch


def _begin(tx: Tx, batch_id: int, by: str) -> tuple[BatchView, Claim | None]:
    """Take the import away from whoever is adding to it. No claim: somebody is taking it back already."""
    row = tx.execute(
        select(Batch.state, Batch.due_at).where(Batch.id == batch_id).with_for_update(key_share=True)
    ).first()
    batch = get_batch(tx, batch_id)
    if row is None or (batch.state is BatchState.UNDOING and row.due_at is not None and row.due_at > tx.now):
        return batch, None
    token = tx.new_token()
    taken = {"state": BatchState.UNDOING.value, "undone_by": by, "due_at": tx.now + LEASE, "token": token}
    tx.execute(table_of(Batch).update().where(Batch.id == batch_id).values(taken))
    tx.execute(delete(table_of(BatchFile)).where(BatchFile.batch_id == batch_id))
    return get_batch(tx, batch_id), Claim(batch_id, token)


def _remove_part(tx: Tx, claim: Claim) -> BatchView:
    """Take some codes off the shelf; when none is left there, the end.

    On PostgreSQL this waits for a buyer who is taking a code right now, and looks again: the code is his then. Buyers do
    not wait for us, they pass over what is locked.

    Raises:
        Fenced: It is not ours any more: nothing was removed.
    """
    row = tx.execute(select(Batch.variant_id, Batch.undone_by).where(Batch.id == claim.batch_id)).one()
    on_shelf = (
        Card.variant_id == row.variant_id,
        # Compared in the database: its driver reads the last day of the calendar and "infinity" alike.
        Card.expires_on == select(Batch.expires_on).where(Batch.id == claim.batch_id).scalar_subquery(),
        Card.batch_id == claim.batch_id,
        Card.state == _AVAILABLE,
    )
    picked = select(Card.id).where(*on_shelf).limit(CHUNK).with_for_update().cte("picked")
    # Counted by what comes back: of a statement that begins with WITH, SQLite's driver counts no rows.
    gone = delete(table_of(Card)).where(Card.id.in_(select(picked.c.id))).returning(Card.id)
    removed = len(tx.execute(gone).all())
    mine = own(claim, BatchState.UNDOING)
    counted = {"removed": Batch.removed + removed, "due_at": tx.now + LEASE}
    if removed or tx.execute(select(exists().where(*on_shelf))).scalar_one():
        return change(tx, mine.values(counted))
    batch = change(tx, mine.values(state=BatchState.UNDONE.value, due_at=None, token=None))
    audit.record(
        tx,
        actor=row.undone_by or "",
        command="import undo",
        details={"batch": batch.batch_id, "removed": batch.removed, "kept": batch.kept},
    )
    return batch
