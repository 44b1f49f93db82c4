"""Receipts: what really came. Every unit of money that a gateway reports gets exactly one, and a place in the books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, func, select, update

from shop_core.cases.cases import CaseKind, close_case, open_case
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import CurrencyMismatch, Money
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.payments.gateway import Notice
from shop_core.payments.models import Receipt, ReceiptState


class Reason(StrEnum):
    """Why money is where it is."""

    MEANT = "meant"
    OVER = "over"
    SHORT = "short"
    DOUBLE = "double"
    LATE = "late"
    UNKNOWN_NUMBER = "unknown_number"
    WRONG_GATEWAY = "wrong_gateway"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_PAYER = "wrong_payer"
    ERASED = "erased"
    """Whoever it was asked of has had himself erased meanwhile."""


class NoSuchReceipt(ShopError):
    """No receipt of that id in suspense: never there, or settled by somebody else already."""

    code = "payments.no_receipt"


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt as staff see it.

    Attributes:
        tender: What came, where the books count it in another currency.
        payer: Who paid, where the gateway can give it back to him.
    """

    id: int
    gateway: str
    external_ref: str
    number: str
    person_id: int | None
    amount: Money
    state: ReceiptState
    reason: Reason
    received_at: datetime
    payment_id: int | None = None
    tender: Money | None = None
    payer: str | None = None

    @property
    def came(self) -> Money:
        """What came, in the currency that it came in."""
        return self.amount if self.tender is None else self.tender


_COLUMNS: Final = tuple(Receipt.__table__.columns)


def take_in(  # noqa: PLR0913 - the columns of the row
    tx: Tx,
    gateway: str,
    notice: Notice,
    *,
    state: ReceiptState,
    reason: Reason,
    payment_id: int | None = None,
    person_id: int | None = None,
    tender: Money | None = None,
) -> int | None:
    """Write the receipt of money that came. None if the gateway has told us of it before: nothing else may happen.

    Args:
        notice: With the amount as the books count it.
        tender: What came, if that is in another currency.
    """
    return tx.execute(
        insert_or(tx, Receipt)
        .values(
            gateway=gateway,
            external_ref=notice.external_ref,
            number=notice.number[:64],
            payment_id=payment_id,
            person_id=person_id,
            currency=notice.amount.currency,
            amount_minor=notice.amount.minor,
            state=state.value,
            reason=reason.value,
            tender_currency=None if tender is None else tender.currency,
            tender_minor=None if tender is None else tender.minor,
            payer=None if notice.payer is None else notice.payer[:128],
            received_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(Receipt.id)
    ).scalar()


def is_known(view: View, gateway: str, external_ref: str) -> bool:
    """Whether this money has its receipt already."""
    known = select(Receipt.id).where(Receipt.gateway == gateway, Receipt.external_ref == external_ref)
    return view.execute(known).first() is not None


def into_wallet(tx: Tx, receipt_id: int, gateway: str, person_id: int, amount: Money) -> None:
    """Book received money to a customer's wallet."""
    move = Move(accounts.wallet(person_id), accounts.gateway(gateway), amount)
    post(tx, key=f"receipt:{receipt_id}:credited", kind="receipt_credited", moves=[move])


def into_suspense(tx: Tx, receipt_id: int, gateway: str, notice: Notice, reason: Reason) -> None:
    """Book received money to suspense and ask a person."""
    move = Move(accounts.SUSPENSE, accounts.gateway(gateway), notice.amount)
    post(tx, key=f"receipt:{receipt_id}:suspense", kind="receipt_suspense", moves=[move])
    evidence: dict[str, str | int] = {
        "gateway": gateway,
        "number": notice.number[:64],
        "external_ref": notice.external_ref[:80],
        "amount": notice.amount.decimal_text(),
        "currency": notice.amount.currency,
        "reason": reason.value,
    }
    open_case(tx, CaseKind.SUSPENSE, receipt_id, evidence)


def list_suspense(view: View, limit: int = 50) -> Sequence[ReceiptView]:
    """Money without a place, longest waiting first."""
    rows = view.execute(
        select(*_COLUMNS)
        .where(Receipt.state == ReceiptState.SUSPENSE.value)
        .order_by(Receipt.id)
        .limit(limit)
    )
    return [_view(row) for row in rows]


def get_receipt(view: View, receipt_id: int) -> ReceiptView:
    """A receipt by its id, whatever became of it.

    Raises:
        NoSuchReceipt: Not there.
    """
    row = view.execute(select(*_COLUMNS).where(Receipt.id == receipt_id)).first()
    if row is None:
        raise NoSuchReceipt
    return _view(row)


def list_for_payments(view: View, payment_ids: Sequence[int]) -> Sequence[ReceiptView]:
    """What came for these payments, first come first."""
    rows = view.execute(select(*_COLUMNS).where(Receipt.payment_id.in_(payment_ids)).order_by(Receipt.id))
    return [_view(row) for row in rows]


def find_by_external_ref(view: View, external_ref: str) -> tuple[ReceiptView, int | None] | None:
    """Money by the number its gateway gave it, and the payment it belongs to. Of several gateways the first by name."""
    gateway = ""
    while True:
        # From one gateway's name to the next along the unique index: nobody knows here which gateways there ever were.
        following = view.execute(select(func.min(Receipt.gateway)).where(Receipt.gateway > gateway)).scalar()
        if following is None:
            return None
        gateway = following
        wanted = select(*_COLUMNS).where(Receipt.gateway == gateway, Receipt.external_ref == external_ref)
        row = view.execute(wanted).first()
        if row is not None:
            return _view(row), row.payment_id


def credit_suspense(tx: Tx, receipt_id: int, person_id: int, *, by: str) -> ReceiptView:
    """Staff found out whose money it is: to his wallet.

    Raises:
        NoSuchReceipt: Not in suspense any more; nothing was booked.
        CurrencyMismatch: Not the shop's currency: a wallet cannot hold it, it can only be returned.
    """
    return _to_wallet(tx, receipt_id, person_id, ReceiptState.CREDITED, by=by)


def match_suspense(tx: Tx, receipt_id: int, person_id: int, *, by: str) -> ReceiptView:
    """Staff found out which order it was for: through its buyer's wallet, from which the caller pays the order.

    Raises:
        As ``credit_suspense``.
    """
    return _to_wallet(tx, receipt_id, person_id, ReceiptState.MATCHED, by=by)


def _to_wallet(tx: Tx, receipt_id: int, person_id: int, state: ReceiptState, *, by: str) -> ReceiptView:
    receipt = _resolve(tx, receipt_id, state, by=by, person_id=person_id)
    if receipt.amount.currency != tx.policy.currency:
        raise CurrencyMismatch(left=receipt.amount.currency, right=tx.policy.currency)
    move = Move(accounts.wallet(person_id), accounts.SUSPENSE, receipt.amount)
    post(tx, key=f"receipt:{receipt_id}:resolved", kind=f"suspense_{state.value}", moves=[move])
    return receipt


def return_suspense(tx: Tx, receipt_id: int, *, by: str) -> ReceiptView:
    """Staff sent the money back at the gateway; book that it is gone.

    Raises:
        NoSuchReceipt: Not in suspense any more; nothing was booked.
    """
    receipt = _resolve(tx, receipt_id, ReceiptState.RETURNED, by=by, person_id=None)
    move = Move(accounts.gateway(receipt.gateway), accounts.SUSPENSE, receipt.amount)
    post(tx, key=f"receipt:{receipt_id}:resolved", kind="suspense_returned", moves=[move])
    return receipt


def _resolve(tx: Tx, receipt_id: int, state: ReceiptState, *, by: str, person_id: int | None) -> ReceiptView:
    row = tx.execute(
        update(Receipt)
        .where(Receipt.id == receipt_id, Receipt.state == ReceiptState.SUSPENSE.value)
        .values(state=state.value, resolved_at=tx.now, resolved_by=by, person_id=person_id)
        .returning(*_COLUMNS)
    ).first()
    if row is None:
        raise NoSuchReceipt
    close_case(tx, CaseKind.SUSPENSE, receipt_id, by=by, resolution=state.value)
    return _view(row)


def _view(row: Row[Any]) -> ReceiptView:
    return ReceiptView(
        row.id,
        row.gateway,
        row.external_ref,
        row.number,
        row.person_id,
        Money(row.amount_minor, row.currency),
        ReceiptState(row.state),
        Reason(row.reason),
        row.received_at,
        row.payment_id,
        None if row.tender_currency is None else Money(row.tender_minor, row.tender_currency),
        row.payer,
    )
