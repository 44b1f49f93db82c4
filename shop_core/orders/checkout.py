"""The last question before money is taken: a channel that takes it itself asks whether it still may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import update

from shop_core.customers.people import Address, find_customer, lock_person
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import Order, Source
from shop_core.orders.pay import require_payable
from shop_core.orders.read import LineView, OrderView, lock_by_id
from shop_core.payments.models import PaymentState, Purpose
from shop_core.payments.payments import PaymentView, find_payment
from shop_core.stock.errors import OutOfStock
from shop_core.stock.hold import count_held
from shop_core.supply.costs import Earned
from shop_core.supply.routing import can_supply
from shop_core.wallet.balance import balance_of

GRACE: Final = timedelta(minutes=1)
"""What was allowed just before an order's deadline may still arrive: so long its codes are kept for it."""


class BillChanged(ShopError):
    """The bill does not say any more what has to be paid: another amount, another balance, another payment."""

    code = "orders.bill_changed"


@dataclass(frozen=True, slots=True)
class Checkout:
    """Somebody is about to pay a bill. Everything in it is his channel's word.

    Attributes:
        number: Of the payment, as the bill repeats it.
        payer: Who is about to pay.
        amount: What the channel would take, in the currency of the bill.
    """

    gateway: str
    number: str
    payer: Address
    amount: Money


async def allow_checkout(shop: Shop, checkout: Checkout) -> None:
    """Look at everything once more, and keep the goods for as long as the money may take. May run any number of times.

    Raises:
        NoSuchOrder: No such bill, or not his: a bill that was passed on is nobody else's to pay.
        NotPayable: Paid, cancelled or expired.
        BillChanged: It asks for something else than is due now.
        OutOfStock: The codes are not held any more.
    """
    await shop.write(_allow, checkout)


def _allow(tx: Tx, checkout: Checkout) -> None:
    payment = find_payment(tx, checkout.number)
    if payment is None or payment.gateway != checkout.gateway or payment.subject_id is None:
        raise NoSuchOrder
    payer = find_customer(tx, channel=checkout.payer.channel, external_id=checkout.payer.external_id)
    if payer is None or payer.person_id != payment.person_id:
        raise NoSuchOrder
    # One order of locks for everybody: person, then order.
    lock_person(tx, payment.person_id)
    order = lock_by_id(tx, payment.subject_id)
    require_payable(tx, order)
    _require_due(tx, order, payment, checkout.amount)
    if not all(_can_be_delivered(tx, line) for line in order.lines):
        raise OutOfStock(left=0)
    _keep_for_a_while(tx, order, payment)


def _can_be_delivered(tx: Tx, line: LineView) -> bool:
    """Whether a line holds its goods, or they can still be bought."""
    if line.source is Source.STAFF:
        return True
    if line.source is Source.SUPPLY:
        return can_supply(tx, line.variant_id, line.quantity, Earned(line.paid, line.quantity))
    return count_held(tx, line.id) == line.quantity


def _require_due(tx: Tx, order: OrderView, payment: PaymentView, amount: Money) -> None:
    """Insist that the bill asks for what is due.

    Raises:
        BillChanged: It does not.
    """
    due = order.total
    if payment.purpose is Purpose.TOP_UP:
        due = order.total - balance_of(tx, order.person_id)
    is_waiting = payment.state in {PaymentState.INTENDED, PaymentState.OPEN}
    if not is_waiting or payment.amount != due or payment.due != amount:
        raise BillChanged


def _keep_for_a_while(tx: Tx, order: OrderView, payment: PaymentView) -> None:
    """Put the deadline off a little if it is near, once: asking again and again holds no codes."""
    until = min(tx.now, payment.expires_at) + GRACE
    if order.expires_at < until:
        tx.execute(update(Order).where(Order.id == order.id).values(expires_at=until))
