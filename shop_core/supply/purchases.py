"""Purchases as rows: claimed, read, changed along the table of their states. Steps only; who leads them is above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, bindparam, literal_column, select, update

from shop_core.db.base import table_of
from shop_core.db.claims import Fenced, claim_due
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.supply.models import IS_LIVE, TRANSITIONS, Purchase, PurchaseState
from shop_core.supply.supplier import GoodsKind

_ALL: Final = select(*Purchase.__table__.columns)
_LOCKED: Final = _ALL.where(Purchase.id == bindparam("wanted")).with_for_update()
_OF_LINES: Final = _ALL.where(Purchase.line_id.in_(bindparam("lines", expanding=True))).order_by(Purchase.id)
_LIVE: Final = select(Purchase.id).where(Purchase.line_id == bindparam("line"), literal_column(IS_LIVE))
_CHANGE: Final = update(table_of(Purchase)).where(Purchase.id == bindparam("changed"))
_MOVE: Final = update(table_of(Purchase)).where(
    Purchase.id == bindparam("moved"), Purchase.state == bindparam("from_state")
)

LEASE: Final = timedelta(minutes=2)
"""How long a claim lasts: longer than a look at the price and a call together may take (``calls.CALL_S``)."""
TOPIC: Final = "purchases"
"""What the workers of purchases wait for."""


class NoSuchPurchase(ShopError):
    """No purchase of that number."""

    code = "supply.no_purchase"


@dataclass(frozen=True, slots=True)
class PurchaseView:
    """A purchase as use cases and screens see it."""

    id: int
    number: str
    line_id: int
    variant_id: int
    attempt: int
    offer_id: int
    supplier: str
    offer_ref: str
    kind: GoodsKind
    quantity: int
    limit: Money
    expected: Money | None
    cost: Money | None
    booked: Money | None
    returned: Money
    supplier_ref: str | None
    state: PurchaseState
    reason: str | None
    delivered: int
    tries: int
    attempts: int
    planned_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    token: int | None
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """Whether it may still bring goods."""
        return self.state not in {PurchaseState.DONE, PurchaseState.REFUSED}


# --------------------------------------------------------------------------------------------------- claiming


def claim_purchases(tx: Tx, limit: int) -> Sequence[PurchaseView]:
    """Take purchases that are due, each with the token that whoever finishes it compares."""
    return [purchase_of(row) for row in claim_due(tx, Purchase, limit=limit, lease=LEASE)]


def claim_one(tx: Tx, purchase_id: int) -> PurchaseView | None:
    """Take one that waits for its next question, for somebody who does not want to wait. None: it is being worked on."""
    row = tx.execute(
        update(Purchase)
        .where(
            Purchase.id == purchase_id,
            Purchase.state.in_([PurchaseState.UNKNOWN.value, PurchaseState.ACCEPTED.value]),
            Purchase.token.is_(None),
        )
        .values(due_at=tx.now + LEASE, token=tx.new_token(), attempts=Purchase.attempts + 1)
        .returning(*Purchase.__table__.columns)
    ).first()
    return None if row is None else purchase_of(row)


def require_claim(tx: Tx, claimed: PurchaseView) -> PurchaseView:
    """Lock a purchase and insist that it is still ours.

    Raises:
        Fenced: Somebody else has taken it over, or it is over.
    """
    purchase = lock(tx, claimed.id)
    if purchase.token != claimed.token:
        raise Fenced
    return purchase


# ---------------------------------------------------------------------------------------------------- reading


def lock(tx: Tx, purchase_id: int) -> PurchaseView:
    """A purchase, locked. After its order's lock, never before.

    Raises:
        NoSuchPurchase: Not there.
    """
    row = tx.execute(_LOCKED, {"wanted": purchase_id}).first()
    if row is None:
        raise NoSuchPurchase
    return purchase_of(row)


def find_purchase(view: View, purchase_id: int) -> PurchaseView | None:
    """A purchase by its id."""
    row = view.execute(_ALL.where(Purchase.id == purchase_id)).first()
    return None if row is None else purchase_of(row)


def find_told(view: View, supplier: str, number: str, supplier_ref: str | None) -> PurchaseView | None:
    """The purchase that a supplier speaks of: by our number, or by its own. Never another supplier's."""
    wanted = _ALL.where(Purchase.supplier == supplier)
    if number:
        row = view.execute(wanted.where(Purchase.number == number)).first()
    elif supplier_ref:
        row = view.execute(wanted.where(Purchase.supplier_ref == supplier_ref).order_by(Purchase.id)).first()
    else:
        row = None
    return None if row is None else purchase_of(row)


def list_purchases(view: View, line_ids: Sequence[int]) -> Sequence[PurchaseView]:
    """Every attempt for some lines, first made first."""
    return [purchase_of(row) for row in view.execute(_OF_LINES, {"lines": list(line_ids)})]


def has_live(view: View, line_id: int) -> bool:
    """Whether a purchase for the line is not over."""
    return view.execute(_LIVE, {"line": line_id}).first() is not None


# ---------------------------------------------------------------------------------------------------- changing


def move(
    tx: Tx,
    purchase: PurchaseView,
    state: PurchaseState,
    **values: Any,  # noqa: ANN401 - columns
) -> PurchaseView:
    """Change the state along the table of transitions. The caller has locked the row; the guard proves it.

    Lets go of the claim: whoever held it finds itself fenced.

    Returns:
        The purchase in its new state.
    """
    if state not in TRANSITIONS[purchase.state]:
        raise RuntimeError(f"purchase {purchase.number}: {purchase.state} does not become {state}")
    columns = {"state": state.value, "token": None, "due_at": None, "attempts": 0} | values
    moved = tx.execute(_MOVE, {"moved": purchase.id, "from_state": purchase.state.value} | columns)
    if moved.rowcount != 1:
        raise Fenced
    if columns["due_at"] is not None:
        tx.wake(TOPIC)
    return as_written(purchase, columns)


def change(tx: Tx, purchase: PurchaseView, **values: Any) -> PurchaseView:  # noqa: ANN401 - columns
    """Write down more about a purchase whose state stays. The caller has locked the row.

    Returns:
        The purchase as it is now.
    """
    tx.execute(_CHANGE, {"changed": purchase.id} | values)
    return as_written(purchase, values)


def as_written(purchase: PurchaseView, columns: Mapping[str, Any]) -> PurchaseView:
    """The purchase, with what was or is to be written into some columns of its row."""
    seen: dict[str, Any] = {}
    for name, value in columns.items():
        field_name = name.removesuffix("_minor")
        if field_name not in _SEEN:
            continue
        if field_name != name:
            seen[field_name] = None if value is None else Money(value, purchase.limit.currency)
        else:
            seen[name] = PurchaseState(value) if name == "state" else value
    return replace(purchase, **seen)


_SEEN: Final = frozenset(one.name for one in fields(PurchaseView))


def purchase_of(row: Row[Any]) -> PurchaseView:
    """A row of purchases."""

    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, row.currency)

    return PurchaseView(
        id=row.id,
        number=row.number,
        line_id=row.line_id,
        variant_id=row.variant_id,
        attempt=row.attempt,
        offer_id=row.offer_id,
        supplier=row.supplier,
        offer_ref=row.offer_ref,
        kind=GoodsKind(row.kind),
        quantity=row.quantity,
        limit=Money(row.limit_minor, row.currency),
        expected=money(row.expected_minor),
        cost=money(row.cost_minor),
        booked=money(row.booked_minor),
        returned=Money(row.returned_minor, row.currency),
        supplier_ref=row.supplier_ref,
        state=PurchaseState(row.state),
        reason=row.reason,
        delivered=row.delivered,
        tries=row.tries,
        attempts=row.attempts,
        planned_at=row.planned_at,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        due_at=row.due_at,
        token=row.token,
        inputs=row.inputs,
    )
