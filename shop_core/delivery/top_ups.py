"""Direct top-ups: what proves that an account was topped up, and getting a line topped up, by a supplier or by staff."""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert, select, update

from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.delivery.hand_over import SealedCode
from shop_core.delivery.inputs import find_inputs
from shop_core.delivery.models import Delivery, TaskState, TopUpProof
from shop_core.delivery.secure import Secured, Wanted
from shop_core.delivery.tasks import find_task, open_task
from shop_core.stock.put_in import SealedPiece
from shop_core.supply.costs import Earned
from shop_core.supply.models import PurchaseState
from shop_core.supply.plan import count_attempts, plan, withdraw
from shop_core.supply.purchases import PurchaseView, list_purchases
from shop_core.supply.routing import Need, has_routes

_HANDED: Final = insert(table_of(Delivery))


def is_topped_up(view: View, line_id: int) -> bool:
    """Whether there is proof."""
    return view.execute(select(TopUpProof.id).where(TopUpProof.line_id == line_id)).first() is not None


def prove_bought(tx: Tx, purchase: PurchaseView, receipt: SealedPiece | None) -> bool:
    """A purchase has topped the line's account up. False: something else has already; this one was in vain.

    A repeat adds a receipt that was not told before.
    """
    proved = _prove(tx, purchase.line_id, receipt, purchase_id=purchase.id)
    if not proved and receipt is not None:
        told = {"sealed": receipt.sealed, "fingerprint": receipt.fingerprint}
        mine = (TopUpProof.purchase_id == purchase.id, TopUpProof.sealed.is_(None))
        tx.execute(update(TopUpProof).where(*mine).values(told))
    return proved or is_proved_by(tx, purchase.id)


def prove_by_hand(tx: Tx, line_id: int, receipt: SealedPiece | None, *, by: str) -> bool:
    """Somebody of the staff has. False: something else has already."""
    return _prove(tx, line_id, receipt, done_by=by)


def is_proved_by(view: View, purchase_id: int) -> bool:
    """Whether this purchase is what topped its line's account up."""
    proof = select(TopUpProof.id).where(TopUpProof.purchase_id == purchase_id)
    return view.execute(proof).first() is not None


def find_receipt(view: View, line_id: int) -> SealedCode | None:
    """The receipt of a line, still closed; None: there is none, or no proof."""
    row = view.execute(
        select(TopUpProof.sealed, TopUpProof.fingerprint).where(TopUpProof.line_id == line_id)
    ).first()
    return None if row is None or row.sealed is None else SealedCode(row.sealed, row.fingerprint)


def hand_over_top_up(tx: Tx, line_id: int, quantity: int) -> bool:
    """Note that a line whose account was topped up is delivered. False: there is no proof.

    It counts as seen from the first moment: credit that is on an account is not taken back.
    """
    if not is_topped_up(tx, line_id):
        return False
    now = tx.now
    tx.execute(_HANDED, {"line_id": line_id, "quantity": quantity, "delivered_at": now, "revealed_at": now})
    return True


def secure_top_up(tx: Tx, wanted: Wanted) -> Secured:
    """Get a line topped up: by a supplier where one is connected, else by staff.

    The caller holds the order's lock. May run any number of times. What is under way goes first, whatever there is
    already: an order is not delivered while a supplier may still top up for it.
    """
    attempts = count_attempts(tx, wanted.line_id)
    if attempts.live:
        return Secured.WAITING
    if is_topped_up(tx, wanted.line_id):
        return Secured.READY
    task = find_task(tx, wanted.line_id)
    if task is None:
        return _have_topped_up(tx, wanted, attempts.made)
    return Secured.WAITING if task.state is TaskState.OPEN else Secured.NOWHERE


def _have_topped_up(tx: Tx, wanted: Wanted, attempts: int) -> Secured:
    """Ask the next supplier, or staff where there is none."""
    inputs = find_inputs(tx, wanted.line_id)
    if inputs is None or inputs.sealed is None:
        return Secured.NOWHERE
    earned = Earned(wanted.paid, wanted.quantity)
    need = Need(wanted.line_id, wanted.variant_id, wanted.quantity, earned, inputs.fields)
    if plan(tx, need, attempt=attempts + 1):
        return Secured.WAITING
    if attempts or has_routes(tx, wanted.variant_id):
        return Secured.NOWHERE
    open_task(tx, wanted.line_id)
    return Secured.WAITING


def make_way(tx: Tx, purchase: PurchaseView) -> None:
    """A purchase has topped up: another one of its line that is only planned is given up."""
    others = [one for one in list_purchases(tx, [purchase.line_id]) if one.is_live and one.id != purchase.id]
    if others and all(one.state is PurchaseState.PLANNED for one in others):
        withdraw(tx, [purchase.line_id])


def _prove(
    tx: Tx,
    line_id: int,
    receipt: SealedPiece | None,
    *,
    purchase_id: int | None = None,
    done_by: str | None = None,
) -> bool:
    made = insert_or(tx, TopUpProof).values(
        line_id=line_id,
        purchase_id=purchase_id,
        done_by=done_by,
        sealed=None if receipt is None else receipt.sealed,
        fingerprint=None if receipt is None else receipt.fingerprint,
        at=tx.now,
    )
    proved = made.on_conflict_do_nothing(index_elements=[TopUpProof.line_id]).returning(TopUpProof.id)
    return tx.execute(proved).first() is not None
