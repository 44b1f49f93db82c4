"""Getting a line's goods into its hands: from the shelf, else by buying them. Knows a line by its id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.stock.hold import count_held, hold_if_enough
from shop_core.stock.put_in import Arrival, SealedPiece, put_in
from shop_core.supply.costs import Earned
from shop_core.supply.models import PurchaseState
from shop_core.supply.plan import count_attempts, plan, withdraw
from shop_core.supply.purchases import PurchaseView, list_purchases
from shop_core.supply.routing import Need


class Secured(StrEnum):
    """How far a line's goods are."""

    READY = "ready"
    """The line holds all of them."""
    WAITING = "waiting"
    """A purchase is to bring the rest."""
    NOWHERE = "nowhere"
    """Neither the shelf nor any supplier has them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A paid line."""

    line_id: int
    variant_id: int
    quantity: int
    paid: Money


def secure(tx: Tx, wanted: Wanted) -> Secured:
    """Find what a line lacks, the shelf first: what is there already costs nothing more and is there now.

    The caller holds the order's lock. May run at any time and any number of times: what is held or on its way is counted.
    """
    lacking = wanted.quantity - count_held(tx, wanted.line_id)
    if lacking <= 0:
        return Secured.READY
    attempts = count_attempts(tx, wanted.line_id)
    if attempts.live:
        return Secured.WAITING
    days = get_variant(tx, wanted.variant_id).sell_until_days
    if hold_if_enough(
        tx, variant_id=wanted.variant_id, quantity=lacking, sell_until_days=days, line_id=wanted.line_id
    ):
        return Secured.READY
    earned = Earned(wanted.paid, wanted.quantity)
    need = Need(wanted.line_id, wanted.variant_id, lacking, earned)
    is_planned = plan(tx, need, attempt=attempts.made + 1)
    return Secured.WAITING if is_planned else Secured.NOWHERE


def take_delivered(
    tx: Tx, purchase: PurchaseView, pieces: tuple[SealedPiece, ...], cost: Money, *, room: int
) -> int:
    """Put a supplier's goods in, for the line as far as it has room, else on the shelf.

    Args:
        cost: What they cost, in the shop's money; zero if that is booked already.
        room: How many the line lacks; 0 where it has no claim on them any more.

    Returns:
        How many pieces the purchase has brought in all.
    """
    added = put_in(
        tx,
        Arrival(
            variant_id=purchase.variant_id,
            purchase_id=purchase.id,
            origin=f"{purchase.supplier} {purchase.number}",
            actor=f"supplier:{purchase.supplier}",
            pieces=pieces,
            cost=cost,
            line_id=purchase.line_id,
            lacking=room,
        ),
    )
    return purchase.delivered + added


def room_for(tx: Tx, purchase: PurchaseView, quantity: int) -> int:
    """How many pieces of a purchase its paid line can use.

    Another purchase of the line that is only planned gives way; one that has left us is going to bring what is lacking.
    """
    others = [one for one in list_purchases(tx, [purchase.line_id]) if one.is_live and one.id != purchase.id]
    if any(one.state is not PurchaseState.PLANNED for one in others):
        return 0
    if others:
        withdraw(tx, [purchase.line_id])
    return max(quantity - count_held(tx, purchase.line_id), 0)
