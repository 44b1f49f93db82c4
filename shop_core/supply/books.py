"""What purchases do to the books: the float at a supplier becomes the cost of goods, once for each purchase."""

from __future__ import annotations

from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.supply.calls import Heard
from shop_core.supply.purchases import PurchaseView, change
from shop_core.supply.supplier import Accepted, Done, Failed, Partial


def cost_said(purchase: PurchaseView, heard: Heard) -> Money | None:
    """What the supplier says that it charged, if it says so in its own money and it can be so."""
    outcome = heard.outcome
    if not isinstance(outcome, Accepted | Done | Partial) or outcome.cost is None:
        return None
    cost = outcome.cost
    if isinstance(outcome, Partial) and outcome.returned is not None:
        cost = cost - outcome.returned if outcome.returned.currency == cost.currency else cost
    return cost if cost.currency == purchase.limit.currency and cost.minor >= 0 else None


def charged(purchase: PurchaseView, heard: Heard) -> Money:
    """What a purchase that brought goods has cost: as said now or before, else as looked at before it was sent."""
    said = cost_said(purchase, heard)
    if said is not None:
        return said
    expected = purchase.cost or purchase.expected or purchase.limit
    if isinstance(heard.outcome, Partial):
        pieces = max(len(heard.outcome.goods), heard.outcome.delivered)
        return Money(expected.minor * min(pieces, purchase.quantity) // purchase.quantity, expected.currency)
    return expected


def book_bought(tx: Tx, purchase: PurchaseView, cost: Money) -> None:
    """Book what a purchase cost. The caller has seen under the purchase's lock that nothing is booked yet.

    The caller also writes it down on the purchase, as ``booked_minor``, with whatever else he writes there.
    """
    if cost.minor:
        move = Move(accounts.float_at(purchase.supplier), accounts.GOODS, cost)
        post(tx, key=f"purchase:{purchase.id}:bought", kind="purchase_bought", moves=[move])


def book_kept(tx: Tx, purchase: PurchaseView, failed: Failed) -> None:
    """Book what a supplier did not give back of a purchase that failed, where it has said both."""
    if purchase.cost is None or failed.returned is None or purchase.booked is not None:
        return
    if failed.returned.currency == purchase.cost.currency and failed.returned < purchase.cost:
        kept = purchase.cost - failed.returned
        change(tx, purchase, booked_minor=kept.minor)
        book_bought(tx, purchase, kept)


def book_returned(tx: Tx, purchase: PurchaseView, failed: Failed) -> None:
    """Book what a supplier gives back of a purchase that was done. Told again, there is nothing new in it."""
    booked, said = purchase.booked, failed.returned
    if booked is None or said is None or said.currency != booked.currency:
        return
    returned = min(said, booked)
    if returned <= purchase.returned:
        return
    change(tx, purchase, returned_minor=returned.minor)
    post(
        tx,
        key=f"purchase:{purchase.id}:returned:{returned.minor}",
        kind="purchase_returned",
        moves=[Move(accounts.GOODS, accounts.float_at(purchase.supplier), returned - purchase.returned)],
    )
