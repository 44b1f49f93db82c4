"""Planning to buy what a line lacks, and giving up what is only planned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.sql.dml import ReturningInsert

from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_into
from shop_core.kernel.errors import ShopError
from shop_core.kernel.numbers import new_number
from shop_core.supply.models import IS_LIVE, WITHDRAWN, Purchase, PurchaseState
from shop_core.supply.purchases import TOPIC, move, purchase_of
from shop_core.supply.routing import Need, list_candidates

_ATTEMPTS: Final = select(
    func.count().label("made"), func.count().filter(literal_column(IS_LIVE)).label("live")
).where(Purchase.line_id == bindparam("line"))


class PurchaseUnderWay(ShopError):
    """A supplier may still deliver for this order: giving the money back now could lose both."""

    code = "supply.under_way"


class Attempts(NamedTuple):
    """How many purchases there are for a line, and how many of them are not over: one at most."""

    made: int
    live: int


def count_attempts(view: View, line_id: int) -> Attempts:
    """What was done for a line so far."""
    row = view.execute(_ATTEMPTS, {"line": line_id}).one()
    return Attempts(row.made, row.live)


def plan(tx: Tx, need: Need, *, attempt: int) -> bool:
    """Plan to buy what a line lacks through the best offer that was not tried yet. False: there is none.

    The caller holds the order's lock, so nobody else plans for the line; the index insists.

    Args:
        attempt: Which purchase of the line it is, from 1.
    """
    candidates = list_candidates(tx, need)
    if not candidates:
        return False
    best = candidates[0]
    values = {
        "line_id": need.line_id,
        "variant_id": need.variant_id,
        "attempt": attempt,
        "offer_id": best.offer_id,
        "supplier": best.supplier,
        "offer_ref": best.ref,
        "kind": best.kind.value,
        "quantity": need.quantity,
        "currency": best.limit.currency,
        "limit_minor": best.limit.minor,
        "state": PurchaseState.PLANNED.value,
        "planned_at": tx.now,
        "due_at": best.opens_at or tx.now,
        "inputs": dict(best.inputs),
        "attempts": 0,
    }
    _insert(tx, values)
    tx.wake(TOPIC)
    return True


def _insert(tx: Tx, values: dict[str, Any]) -> None:
    made = None
    while made is None:
        # Only the number may meet another's; a second live purchase of the line is a bug, and loud.
        row = values | {"number": new_number(tx.random)}
        made = tx.execute(_new_purchase(is_postgresql=tx.is_postgresql), row).scalar()


@cache
def _new_purchase(*, is_postgresql: bool) -> ReturningInsert[Any]:
    new = insert_into(Purchase, is_postgresql=is_postgresql)
    return new.on_conflict_do_nothing(index_elements=[Purchase.number]).returning(Purchase.id)


def has_other_way(view: View, need: Need) -> bool:
    """Whether an offer that was not tried yet could be asked now."""
    return any(one.opens_at is None for one in list_candidates(view, need))


def withdraw(tx: Tx, line_ids: Sequence[int]) -> None:
    """Give up what is only planned for some lines, so that their order may be refunded. The caller holds its lock.

    Raises:
        PurchaseUnderWay: One has left us already. Nothing may be refunded before its end is known.
    """
    live = tx.execute(
        select(*Purchase.__table__.columns)
        .where(Purchase.line_id.in_(line_ids), literal_column(IS_LIVE))
        .order_by(Purchase.id)
        .with_for_update()
    )
    for row in live.all():
        purchase = purchase_of(row)
        if purchase.state is not PurchaseState.PLANNED:
            raise PurchaseUnderWay(purchase=purchase.number)
        move(tx, purchase, PurchaseState.REFUSED, reason=WITHDRAWN, ended_at=tx.now)
