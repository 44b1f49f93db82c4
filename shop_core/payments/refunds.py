"""Money on its way back to its payer, at the gateway that took it: whole, once for each receipt.

Intend → commit → call → record: the row says that the money will go back before the gateway is asked, and the books hold
it as promised until the gateway has said yes. One that will not is answered by the wallet, or by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, Update, insert, select, update

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.customers.people import lock_as_now
from shop_core.db.base import table_of
from shop_core.db.claims import finish
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.payments.gateway import Return
from shop_core.payments.models import Payment, Purpose, Receipt, ReceiptState, Refund, RefundState
from shop_core.payments.receipts import NoSuchReceipt, Reason, ReceiptView, get_receipt, list_for_payments

LEASE: Final = timedelta(seconds=60)
"""How long whoever asks a gateway has for it before somebody else does."""
_LONGEST_PAUSE_S: Final = 1800


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund as use cases and screens see it. ``order_id``: it is this order's; None: the receipt's reason says why."""

    id: int
    receipt: ReceiptView
    order_id: int | None
    state: RefundState
    made_by: str
    token: int | None
    attempts: int

    def wanted(self) -> Return:
        """What the gateway is to be asked."""
        return Return(self.receipt.external_ref, self.receipt.payer or "", self.receipt.came)


_REFUND: Final = table_of(Refund)


def find_returnable(view: View, order_id: int, total: Money) -> ReceiptView | None:
    """The money that paid an order, if all of it can go back where it came from: exactly this much, from a known payer."""
    paid = select(Payment.id).where(
        Payment.purpose == Purpose.ORDER.value, Payment.subject_id == order_id, Payment.state == "settled"
    )
    receipts = list_for_payments(view, view.execute(paid).scalars().all())
    return next(
        (
            receipt
            for receipt in receipts
            if receipt.state is ReceiptState.APPLIED and receipt.payer is not None and receipt.amount == total
        ),
        None,
    )


def start_refund(
    tx: Tx,
    receipt: ReceiptView,
    *,
    by: str,
    order_id: int | None = None,
    due_in: timedelta = timedelta(0),
) -> RefundView:
    """Say that a receipt's money goes back. The caller books it as promised, in the same transaction.

    Args:
        due_in: How long the caller has to ask the gateway himself.

    Raises:
        NoSuchReceipt: It is not where the caller saw it any more.
    """
    moved = tx.execute(
        update(Receipt)
        .where(Receipt.id == receipt.id, Receipt.state == receipt.state.value)
        .values(state=ReceiptState.RETURNING.value)
    )
    if moved.rowcount != 1:
        raise NoSuchReceipt
    row = tx.execute(
        insert(_REFUND)
        .values(
            receipt_id=receipt.id,
            order_id=order_id,
            state=RefundState.INTENDED.value,
            made_by=by,
            made_at=tx.now,
            due_at=tx.now + due_in,
            token=tx.new_token(),
            attempts=0,
        )
        .returning(*_REFUND.c)
    ).one()
    return as_refund(tx, row)


def return_suspended(tx: Tx, receipt: ReceiptView, *, by: str, due_in: timedelta) -> RefundView:
    """Give suspended money back at the gateway: its case is settled.

    Raises:
        NoSuchReceipt: Not in suspense any more; nothing was booked.
    """
    if receipt.state is not ReceiptState.SUSPENSE:
        raise NoSuchReceipt
    refund = start_refund(tx, receipt, by=by, due_in=due_in)
    move = Move(accounts.RETURNING, accounts.SUSPENSE, receipt.amount)
    post(tx, key=f"refund:{refund.id}:intended", kind="refund_intended", moves=[move])
    close_case(tx, CaseKind.SUSPENSE, receipt.id, by=by, resolution=ReceiptState.RETURNING.value)
    return refund


def return_unwanted(tx: Tx, receipt_id: int) -> RefundView:
    """Give money back that has just come and that nothing here can use; its receipt was taken in as ``returning``."""
    receipt = get_receipt(tx, receipt_id)
    move = Move(accounts.RETURNING, accounts.gateway(receipt.gateway), receipt.amount)
    post(tx, key=f"receipt:{receipt_id}:returning", kind="receipt_returning", moves=[move])
    return start_refund(tx, receipt, by=MACHINE)


def report_stuck(tx: Tx, refund: RefundView, trouble: str) -> None:
    """The gateway needs a person before it gives the money back. Twice asks once; the refund's end closes it."""
    open_case(tx, CaseKind.REFUND, refund.id, {**_evidence(refund.receipt), "said": trouble[:200]})


def end_done(tx: Tx, refund: RefundView) -> None:
    """The gateway gave the money back.

    Raises:
        Fenced: Somebody else has asked meanwhile; he records the same.
    """
    finish(tx, _own(refund).values(state=RefundState.DONE.value, due_at=None, ended_at=tx.now))
    close_case(tx, CaseKind.REFUND, refund.id, by=MACHINE, resolution=RefundState.DONE.value)
    _resolve(tx, refund, ReceiptState.RETURNED)
    receipt = refund.receipt
    move = Move(accounts.gateway(receipt.gateway), accounts.RETURNING, receipt.amount)
    post(tx, key=f"refund:{refund.id}:done", kind="refund_done", moves=[move])


def end_refused(tx: Tx, refund: RefundView, said: str) -> None:
    """The gateway will never give it back: to the wallet of whose it is, or to a person to decide.

    Raises:
        Fenced: Somebody else has asked meanwhile.
    """
    ended = {"state": RefundState.REFUSED.value, "due_at": None, "ended_at": tx.now, "said": said[:200]}
    finish(tx, _own(refund).values(ended))
    close_case(tx, CaseKind.REFUND, refund.id, by=MACHINE, resolution=RefundState.REFUSED.value)
    receipt = refund.receipt
    owner = None if receipt.person_id is None else lock_as_now(tx, receipt.person_id)
    if (
        owner is None
        or owner.is_erased
        or receipt.reason is Reason.WRONG_PAYER
        or receipt.amount.currency != tx.policy.currency
    ):
        _resolve(tx, refund, ReceiptState.SUSPENSE)
        move = Move(accounts.SUSPENSE, accounts.RETURNING, receipt.amount)
        post(tx, key=f"refund:{refund.id}:refused", kind="refund_refused", moves=[move])
        open_case(tx, CaseKind.SUSPENSE, receipt.id, {**_evidence(receipt), "said": said[:200]})
        return
    _resolve(tx, refund, ReceiptState.CREDITED)
    move = Move(accounts.wallet(owner.person_id), accounts.RETURNING, receipt.amount)
    post(tx, key=f"receipt:{receipt.id}:resolved", kind="refund_refused", moves=[move])
    open_case(tx, CaseKind.GATEWAY, receipt.payment_id or 0, {"gateway": receipt.gateway, "said": said[:200]})


def put_off(tx: Tx, refund: RefundView, *, retry_after_s: int | None = None) -> None:
    """No answer: again later, ever more slowly, until there is one."""
    pause_s = retry_after_s if retry_after_s is not None else min(2**refund.attempts, _LONGEST_PAUSE_S)
    tx.execute(_own(refund).values(due_at=tx.now + timedelta(seconds=pause_s)))


def find_refund(view: View, order_id: int) -> RefundView | None:
    """The refund of an order at its gateway, if it has one: the latest."""
    row = view.execute(
        select(*_REFUND.c).where(Refund.order_id == order_id).order_by(Refund.id.desc()).limit(1)
    ).first()
    return None if row is None else as_refund(view, row)


def get_refund(view: View, refund_id: int) -> RefundView:
    """A refund by its id, which a case tells."""
    return as_refund(view, view.execute(select(*_REFUND.c).where(Refund.id == refund_id)).one())


def as_refund(view: View, row: Row[Any]) -> RefundView:
    """A claimed row as use cases see it."""
    receipt = get_receipt(view, row.receipt_id)
    return RefundView(
        row.id, receipt, row.order_id, RefundState(row.state), row.made_by, row.token, row.attempts
    )


def _own(refund: RefundView) -> Update:
    return update(_REFUND).where(
        _REFUND.c.id == refund.id,
        _REFUND.c.token == refund.token,
        _REFUND.c.state == RefundState.INTENDED.value,
    )


def _resolve(tx: Tx, refund: RefundView, state: ReceiptState) -> None:
    tx.execute(
        update(Receipt)
        .where(Receipt.id == refund.receipt.id, Receipt.state == ReceiptState.RETURNING.value)
        .values(state=state.value, resolved_at=tx.now, resolved_by=refund.made_by)
    )


def _evidence(receipt: ReceiptView) -> dict[str, str | int]:
    return {
        "gateway": receipt.gateway,
        "number": receipt.number,
        "external_ref": receipt.external_ref,
        "amount": receipt.amount.decimal_text(),
        "currency": receipt.amount.currency,
        "reason": receipt.reason.value,
    }
