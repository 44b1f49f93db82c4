"""A supplier has topped up, or a part of it: what that does to the line. Called by ``orders.heard`` under its locks.

A part is never made whole by another purchase: that would top the full amount up once more. Staff are asked to do the rest.
"""

from __future__ import annotations

from shop_core.db.tx import Tx
from shop_core.delivery.tasks import find_task, open_task
from shop_core.delivery.top_ups import is_proved_by, make_way, prove_bought
from shop_core.kernel.money import Money
from shop_core.kernel.policy import SupplierTerms
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView
from shop_core.orders.steps import note_cost
from shop_core.stock.put_in import SealedPiece
from shop_core.supply.books import book_bought, charged
from shop_core.supply.calls import Heard
from shop_core.supply.costs import landed
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import PurchaseView, change, has_live, move
from shop_core.supply.supplier import GoodsKind, Partial


def take_top_up(
    tx: Tx, order: OrderView, purchase: PurchaseView, heard: Heard, receipt: SealedPiece | None
) -> bool:
    """Take in that an account was topped up, whole or in part.

    May run any number of times. What came for an order that is over, or has its proof already, leaves the line as it is;
    then ``is_in_vain`` says so.

    Returns:
        Whether the order is to be carried on.
    """
    was_done = purchase.state is PurchaseState.DONE
    part = heard.outcome if isinstance(heard.outcome, Partial) else None
    cost = _book(tx, purchase, heard, part)
    brought = purchase.quantity if part is None else min(part.delivered, purchase.quantity - 1)
    if not was_done:
        move(tx, purchase, PurchaseState.DONE, delivered=brought, ended_at=tx.now)
    if order.state is not OrderState.PAID:
        if part is None and receipt is not None and is_proved_by(tx, purchase.id):
            prove_bought(tx, purchase, receipt)
        return False
    make_way(tx, purchase)
    if part is not None:
        if not was_done and not has_live(tx, purchase.line_id):
            open_task(tx, purchase.line_id, part=True, part_value=part.delivered_value)
    elif find_task(tx, purchase.line_id) is not None:
        # Staff are doing the rest of an earlier part: they finish, and this one came in vain.
        return False
    elif prove_bought(tx, purchase, receipt):
        if was_done:
            change(tx, purchase, delivered=brought)
        if cost is not None:
            note_cost(tx, purchase.line_id, cost)
    return True


def is_in_vain(tx: Tx, purchase: PurchaseView) -> bool:
    """Whether a purchase has topped up what nobody waited for any more: it is paid for, and a person has to know."""
    is_top_up = purchase.kind is GoodsKind.TOP_UP and purchase.state is PurchaseState.DONE
    if not is_top_up or is_proved_by(tx, purchase.id):
        return False
    task = find_task(tx, purchase.line_id)
    return purchase.delivered == purchase.quantity or task is None or not task.part


def _book(tx: Tx, purchase: PurchaseView, heard: Heard, part: Partial | None) -> Money | None:
    """Book what was charged, once. What that is in the shop's money; None: it was booked before."""
    if purchase.booked is not None:
        return None
    paid = charged(purchase, heard)
    if part is not None and part.cost is None and part.delivered == 0 and purchase.cost is None:
        # A part without a number: nobody knows what it cost, so all of it, until the supplier gives some back.
        paid = purchase.expected or purchase.limit
    change(tx, purchase, booked_minor=paid.minor)
    book_bought(tx, purchase, paid)
    return landed(paid, tx.policy.suppliers.get(purchase.supplier, SupplierTerms()), tx.policy.currency)
