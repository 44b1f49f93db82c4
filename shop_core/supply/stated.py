"""A supplier that lists its days, as a counterpart of reconciliation: its list, our purchases, and how one is corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, or_, select

from shop_core.db.tx import Tx, View
from shop_core.kernel.money import CurrencyMismatch, Money
from shop_core.kernel.policy import SupplierTerms
from shop_core.ledger import accounts
from shop_core.ledger.post import Move, post
from shop_core.reconciliation.counterpart import Counterpart
from shop_core.reconciliation.errors import StillUnderWay
from shop_core.reconciliation.lines import Line, LineState
from shop_core.supply.models import Purchase, PurchaseState
from shop_core.supply.purchases import change, lock
from shop_core.supply.supplier import StatementLine, Supplier, Suppliers

NAMED: Final = "supplier:{}"
"""The counterpart's name: a gateway may be called like a supplier."""

_STATES: Final = {PurchaseState.DONE: LineState.DONE, PurchaseState.REFUSED: LineState.FAILED}


def list_stating(suppliers: Suppliers, terms: Mapping[str, SupplierTerms]) -> Iterator[Counterpart]:
    """Those suppliers that list their days."""
    for name in suppliers.names:
        supplier = suppliers.get(name)
        if supplier.capabilities.states_days:
            yield Counterpart(
                name=NAMED.format(name),
                zone=ZoneInfo(terms.get(name, SupplierTerms()).timezone),
                account=accounts.float_at(name),
                theirs=partial(_theirs, supplier),
                ours=partial(_ours, name),
                correct=correct_purchase,
            )


async def _theirs(supplier: Supplier, day: date) -> Sequence[Line]:
    return [_stated(line) for line in await supplier.statement(day)]


def _stated(line: StatementLine) -> Line:
    ended = LineState.DONE if line.is_success else LineState.FAILED
    state = ended if line.is_final else LineState.OPEN
    return Line(line.number, line.supplier_ref, line.cost, state, line.at)


def _ours(supplier: str, view: View, since: datetime, until: datetime) -> Iterator[Line]:
    """Purchases that were sent, or that ended, in a time. What never left us is on nobody's list."""
    sent = (Purchase.sent_at >= since) & (Purchase.sent_at < until)
    ended = (Purchase.ended_at >= since) & (Purchase.ended_at < until)
    rows = view.execute(
        select(*Purchase.__table__.columns)
        .where(Purchase.supplier == supplier, Purchase.sent_at.is_not(None), or_(sent, ended))
        .order_by(Purchase.id)
    )
    return (_line(row) for row in rows)


def _line(row: Row[Any]) -> Line:
    state = _STATES.get(PurchaseState(row.state), LineState.OPEN)
    # What is under way has no cost yet; what is shown then is what it may cost.
    minor = row.expected_minor or row.limit_minor if state is LineState.OPEN else _booked(row)
    return Line(
        row.number, row.supplier_ref or "", Money(minor, row.currency), state, row.sent_at, str(row.id)
    )


def _booked(row: Row[Any]) -> int:
    return int((row.booked_minor or 0) - row.returned_minor + row.corrected_minor)


def correct_purchase(tx: Tx, subject: str, cost: Money, cause: str) -> None:
    """Book that a purchase has cost so much in all. What its order's line says that it cost stays as it was sold.

    Args:
        subject: Its id, as ``Line.subject`` has it.
        cause: Of the entry; booked once.

    Raises:
        StillUnderWay: It is not over.
        CurrencyMismatch: It was bought in other money.
    """
    purchase = lock(tx, int(subject))
    if purchase.is_live:
        raise StillUnderWay(purchase=purchase.number)
    if cost.currency != purchase.limit.currency:
        raise CurrencyMismatch(left=cost.currency, right=purchase.limit.currency)
    columns = select(Purchase.booked_minor, Purchase.returned_minor, Purchase.corrected_minor)
    row = tx.execute(columns.where(Purchase.id == purchase.id)).one()
    more = Money(cost.minor - _booked(row), cost.currency)
    if more.minor == 0:
        return
    change(tx, purchase, corrected_minor=row.corrected_minor + more.minor)
    account = accounts.float_at(purchase.supplier)
    move = Move(account, accounts.GOODS, more) if more.minor > 0 else Move(accounts.GOODS, account, more * -1)
    post(tx, key=cause, kind="purchase_corrected", moves=[move])
