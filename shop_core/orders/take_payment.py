"""Money came: find its place, whatever it is, however late, however often it is told.

Called for verified callbacks and for answers to our own questions alike; both end here, in one transaction. Every unit of
money ends in exactly one of: the order it was meant for, the payer's wallet, on its way back to him, suspense.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from shop_core.customers.people import find_customer, lock_as_now
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.ledger import accounts
from shop_core.ledger.post import InsufficientBalance
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.errors import NotPayable
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_waiting_from_wallet
from shop_core.orders.read import OrderView, lock_by_id
from shop_core.orders.steps import book_paid, close_payments, deliver_paid, hold_again, release_order
from shop_core.payments.gateway import Notice
from shop_core.payments.models import Purpose, ReceiptState
from shop_core.payments.payments import PaymentView, find_payment, mark_settled
from shop_core.payments.receipts import Reason, into_suspense, into_wallet, is_known, take_in
from shop_core.payments.refunds import return_unwanted


class Taken(StrEnum):
    """What became of the money, for logs and tests."""

    NOT_PAID = "not_paid"
    REPEATED = "repeated"
    APPLIED = "applied"
    CREDITED = "credited"
    RETURNED = "returned"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Came:
    """Money that came for a payment.

    Attributes:
        notice: With the amount as the books count it.
        tender: In its own currency, if that is another.
        is_short: Less than the payment asked for, compared in the currency that it asked in.
    """

    notice: Notice
    tender: Money | None
    is_short: bool


async def take_payment(shop: Shop, gateway: str, notice: Notice) -> Taken:
    """Take what a gateway says into the books.

    May run any number of times, in any order, side by side: the receipt is unique by the gateway's own number.

    Args:
        gateway: Whose notice it is, as its signature (or our question to it) proves; never what the notice says.
    """
    return await shop.write(take, gateway, notice)


def take(tx: Tx, gateway: str, notice: Notice) -> Taken:
    """The step."""
    if not notice.paid or notice.amount.minor <= 0:
        # "Paid, 0.00" is no money: there is nothing to book.
        return Taken.NOT_PAID
    if is_known(tx, gateway, notice.external_ref):
        return Taken.REPEATED
    payment, is_erased = find_payment(tx, notice.number), False
    if payment is not None:
        # One order of locks for everybody: person, then order (placing and topping up lock the person first). The money is
        # his who the payer is by now.
        payer = lock_as_now(tx, payment.person_id)
        payment, is_erased = replace(payment, person_id=payer.person_id), payer.is_erased
    problem = _problem(payment, gateway, notice, is_erased=is_erased)
    if payment is None or problem is not None:
        return _suspend(tx, gateway, notice, payment, problem or Reason.UNKNOWN_NUMBER)
    came = _worth(payment, notice)
    if is_erased or not _is_owner(tx, payment, notice):
        return _return(tx, payment, came, Reason.ERASED if is_erased else Reason.WRONG_PAYER)
    if payment.purpose is Purpose.TOP_UP or payment.subject_id is None:
        return _top_up(tx, payment, came)
    return _for_order(tx, payment, payment.subject_id, came)


def _worth(payment: PaymentView, notice: Notice) -> Came:
    """What the money is to the books: at the rate that it was asked for at, rounded down, but not to nothing."""
    is_short = notice.amount < payment.due
    if payment.tender is None:
        return Came(notice, None, is_short)
    minor = max(1, payment.amount.minor * notice.amount.minor // payment.tender.amount.minor)
    return Came(replace(notice, amount=Money(minor, payment.amount.currency)), notice.amount, is_short)


def _is_owner(view: View, payment: PaymentView, notice: Notice) -> bool:
    """Whether it was paid by one who may. Where the gateway does not know payers, nobody can say."""
    if notice.payer is None or notice.from_anyone or notice.payer == payment.address.external_id:
        return True
    payer = find_customer(view, channel=payment.address.channel, external_id=notice.payer)
    return payer is not None and payer.person_id == payment.person_id


def _for_order(tx: Tx, payment: PaymentView, order_id: int, came: Came) -> Taken:
    notice = came.notice
    order = lock_by_id(tx, order_id)
    if order.state in {OrderState.PAID, OrderState.DELIVERED, OrderState.REFUNDED}:
        return _credit(tx, payment, came, Reason.DOUBLE)
    if came.is_short or notice.amount < order.total:
        return _credit(tx, payment, came, Reason.SHORT)
    if order.state is not OrderState.AWAITING and not hold_again(tx, order):
        return _credit(tx, payment, came, Reason.LATE)
    return _pay_order(tx, payment, order, came)


def _problem(payment: PaymentView | None, gateway: str, notice: Notice, *, is_erased: bool) -> Reason | None:
    """Facts that no rule can repair: a person must look."""
    if payment is None:
        return Reason.UNKNOWN_NUMBER
    if payment.gateway != gateway:
        return Reason.WRONG_GATEWAY
    if payment.due.currency != notice.amount.currency:
        return Reason.WRONG_CURRENCY
    # Where the payer is known, it goes back to him.
    return Reason.ERASED if is_erased and notice.payer is None else None


def _suspend(tx: Tx, gateway: str, notice: Notice, payment: PaymentView | None, reason: Reason) -> Taken:
    receipt_id = take_in(
        tx,
        gateway,
        notice,
        state=ReceiptState.SUSPENSE,
        reason=reason,
        payment_id=payment.id if payment else None,
        person_id=payment.person_id if payment else None,
    )
    if receipt_id is None:
        return Taken.REPEATED
    into_suspense(tx, receipt_id, gateway, notice, reason)
    return Taken.SUSPENDED


def _return(tx: Tx, payment: PaymentView, came: Came, reason: Reason) -> Taken:
    """Money that goes back where it came from; whose it is, is told when it is there."""
    receipt_id = take_in(
        tx,
        payment.gateway,
        came.notice,
        state=ReceiptState.RETURNING,
        reason=reason,
        payment_id=payment.id,
        person_id=payment.person_id,
        tender=came.tender,
    )
    if receipt_id is None:
        return Taken.REPEATED
    return_unwanted(tx, receipt_id)
    return Taken.RETURNED


def _credit(tx: Tx, payment: PaymentView, came: Came, reason: Reason) -> Taken:
    """Money of a known payer that its order cannot use: back where it came from or to his wallet, and he is told."""
    notice = came.notice
    if notice.payer is not None:
        return _return(tx, payment, came, reason)
    receipt_id = take_in(
        tx,
        payment.gateway,
        notice,
        state=ReceiptState.CREDITED,
        reason=reason,
        payment_id=payment.id,
        person_id=payment.person_id,
        tender=came.tender,
    )
    if receipt_id is None:
        return Taken.REPEATED
    into_wallet(tx, receipt_id, payment.gateway, payment.person_id, notice.amount)
    args: dict[str, int | str] = {
        "amount_minor": notice.amount.minor,
        "reason": reason.value,
        "order_id": payment.subject_id or 0,
    }
    queue_message(tx, payment.address, NewsKind.MONEY_HELD, args, cause=f"receipt:{receipt_id}:credited")
    return Taken.CREDITED


def _pay_order(tx: Tx, payment: PaymentView, order: OrderView, came: Came) -> Taken:
    notice = came.notice
    late = order.state is not OrderState.AWAITING
    over = notice.amount - order.total
    receipt_id = take_in(
        tx,
        payment.gateway,
        notice,
        state=ReceiptState.APPLIED,
        reason=Reason.OVER if over.minor else Reason.LATE if late else Reason.MEANT,
        payment_id=payment.id,
        person_id=payment.person_id,
        tender=came.tender,
    )
    if receipt_id is None:
        if late:
            # Told at the same moment elsewhere: what was just held for it goes back.
            release_order(tx, order)
        return Taken.REPEATED
    mark_settled(tx, payment)
    close_payments(tx, order)
    book_paid(tx, order, source=accounts.gateway(payment.gateway))
    if over.minor:
        into_wallet(tx, receipt_id, payment.gateway, payment.person_id, over)
        args: dict[str, int | str] = {
            "amount_minor": over.minor,
            "reason": Reason.OVER.value,
            "order_id": order.id,
        }
        queue_message(tx, payment.address, NewsKind.MONEY_HELD, args, cause=f"receipt:{receipt_id}:over")
    if late:
        queue_message(
            tx,
            order.address,
            NewsKind.ORDER_PAID_LATE,
            {"order_id": order.id},
            cause=f"order:{order.id}:late",
        )
    deliver_paid(tx, order, paid_with=payment.gateway)
    return Taken.APPLIED


def _top_up(tx: Tx, payment: PaymentView, came: Came) -> Taken:
    """Into the wallet, whole; then the order it was meant for is paid from there, if it still can be."""
    notice = came.notice
    receipt_id = take_in(
        tx,
        payment.gateway,
        notice,
        state=ReceiptState.APPLIED,
        reason=Reason.MEANT,
        payment_id=payment.id,
        person_id=payment.person_id,
        tender=came.tender,
    )
    if receipt_id is None:
        return Taken.REPEATED
    # The order before the wallet, as everybody who pays or refunds one locks them.
    order = None if payment.subject_id is None else lock_by_id(tx, payment.subject_id)
    mark_settled(tx, payment)
    into_wallet(tx, receipt_id, payment.gateway, payment.person_id, notice.amount)
    if order is not None:
        try:
            pay_waiting_from_wallet(tx, payment.person_id, order.number)
        except (NotPayable, InsufficientBalance):
            # Both are raised before anything of the order was changed: the money stays in the wallet.
            pass
        else:
            return Taken.APPLIED
    queue_message(
        tx,
        payment.address,
        NewsKind.TOPPED_UP,
        {"amount_minor": notice.amount.minor, "order_id": payment.subject_id or 0},
        cause=f"receipt:{receipt_id}:topped_up",
    )
    return Taken.CREDITED
