"""What has to be settled with somebody before he can be erased."""

from __future__ import annotations

from sqlalchemy import select

from shop_core.customers.models import Identity
from shop_core.db.tx import View
from shop_core.kernel.errors import ShopError
from shop_core.orders.models import Order, OrderState
from shop_core.payments.models import Payment, PaymentState, Receipt, ReceiptState, Refund, RefundState
from shop_core.resale.models import Reseller
from shop_core.staff.roles import Roster
from shop_core.wallet.balance import balance_of


class StillNeeded(ShopError):
    """Something is not settled with him yet. ``why``: what ``why_not`` says. Nothing was erased."""

    code = "privacy.still_needed"


def why_not(view: View, person_id: int, roster: Roster) -> str | None:
    """What is to be settled first: ``staff``, ``order``, ``payment``, ``refund``, ``keys`` or ``balance``; None: nothing."""
    identities = view.execute(
        select(Identity.channel, Identity.external_id).where(Identity.person_id == person_id)
    ).all()
    if any(roster.role_of(view, f"{row.channel}:{row.external_id}") is not None for row in identities):
        return "staff"
    under_way = [OrderState.AWAITING.value, OrderState.PAID.value]
    waiting = [PaymentState.INTENDED.value, PaymentState.OPEN.value]
    going_back = select(Refund.id).join(Receipt, Receipt.id == Refund.receipt_id)
    odd = select(Receipt.id).where(
        Receipt.person_id == person_id, Receipt.state == ReceiptState.SUSPENSE.value
    )
    for why, found in (
        ("order", select(Order.id).where(Order.person_id == person_id, Order.state.in_(under_way))),
        ("payment", select(Payment.id).where(Payment.person_id == person_id, Payment.state.in_(waiting))),
        ("payment", odd),
        (
            "refund",
            going_back.where(Receipt.person_id == person_id, Refund.state == RefundState.INTENDED.value),
        ),
        ("keys", select(Reseller.id).where(Reseller.person_id == person_id, Reseller.closed_at.is_(None))),
    ):
        if view.execute(found.limit(1)).first() is not None:
            return why
    return "balance" if balance_of(view, person_id).minor else None
