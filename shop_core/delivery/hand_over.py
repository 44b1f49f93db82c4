"""Handing over from stock, looking at what was handed over, and taking back what nobody has looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update

from shop_core.db.base import Moment, table_of
from shop_core.db.tx import Tx
from shop_core.delivery.models import Delivery, Reveal
from shop_core.kernel.secret import Secret
from shop_core.stock.hold import take_held, undo_take
from shop_core.stock.models import Card, CardState
from shop_core.stock.sealing import card_place
from shop_core.vault.vault import Vault

_DELIVER: Final = insert(table_of(Delivery))
_SEALED: Final = (
    select(Card.sealed, Card.fingerprint)
    .where(Card.line_id == bindparam("line"), Card.state == CardState.DELIVERED.value)
    .order_by(Card.expires_on, Card.batch_id, Card.place)
)


@dataclass(frozen=True, slots=True)
class SealedCode:
    """A delivered code on its way to its owner, still closed."""

    sealed: bytes
    fingerprint: bytes

    def open(self, vault: Vault) -> Secret:
        """The code itself. Only after the transaction that recorded the look has been committed."""
        return vault.open(self.sealed, place=card_place(self.fingerprint))


def hand_over(tx: Tx, line_id: int, quantity: int) -> bool:
    """Give a line its held cards. False if they are not all there: nothing was handed over, somebody must see to it.

    Unique by line, so a second call for a delivered line ends the transaction instead of delivering again.
    """
    taken = take_held(tx, line_id)
    if taken != quantity:
        undo_take(tx, line_id)
        return False
    tx.execute(_DELIVER, {"line_id": line_id, "quantity": quantity, "delivered_at": tx.now})
    return True


def look(tx: Tx, line_id: int, *, by: str) -> Sequence[SealedCode]:
    """Record a look at a line's codes, and fetch them sealed. Each look is a row of its own.

    Returns:
        Empty if the line has not been delivered.
    """
    # The delivery row first: it is what a refund locks, so a look and a refund cannot pass each other.
    looked = tx.execute(
        update(Delivery)
        .where(Delivery.line_id == line_id, Delivery.returned_at.is_(None))
        .values(revealed_at=func.coalesce(Delivery.revealed_at, bindparam("now", tx.now, type_=Moment())))
    )
    if looked.rowcount != 1:
        return []
    codes = tx.execute(_SEALED, {"line": line_id}).all()
    tx.execute(insert(Reveal).values(line_id=line_id, at=tx.now, by=by))
    return [SealedCode(row.sealed, row.fingerprint) for row in codes]


def is_revealed(tx: Tx, line_ids: Sequence[int]) -> bool:
    """Whether anybody has looked at a code of these lines. Locks the deliveries, so that no look slips in after."""
    looked = tx.execute(
        select(Delivery.revealed_at)
        .where(Delivery.line_id.in_(line_ids))
        .order_by(Delivery.id)
        .with_for_update()
    ).scalars()
    return any(moment is not None for moment in looked.all())


def take_back(tx: Tx, line_id: int) -> int:
    """Put the codes of a delivered line back on the shelf, if nobody has looked at them. Returns how many."""
    returned = tx.execute(
        update(Delivery)
        .where(Delivery.line_id == line_id, Delivery.revealed_at.is_(None), Delivery.returned_at.is_(None))
        .values(returned_at=tx.now)
    )
    if returned.rowcount != 1:
        return 0
    return tx.execute(
        update(Card)
        .where(Card.line_id == line_id, Card.state == CardState.DELIVERED.value)
        .values(state=CardState.AVAILABLE.value, line_id=None)
    ).rowcount
